import assert from "node:assert/strict";
import { FAULTS } from "../fault/faults/index.ts";
import { tableRows } from "./markdown.ts";

describe("docs/reliability.md", () => {
  it("has a result of every fault, by its name", () => {
    const first = tableRows("docs/reliability.md").map(([cell = ""]) => cell);
    const names = first.flatMap((cell) => /^`([\w-]+)`$/.exec(cell)?.[1] ?? []);
    assert.deepEqual(names.sort(), FAULTS.map(({ name }) => name).sort());
  });
});
