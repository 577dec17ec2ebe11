import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { edited } from "./edits.ts";
import { CODE_MUTATIONS, DATA_MUTATIONS } from "./mutations/index.ts";

const root = new URL("../../../", import.meta.url);

describe("the mutations of the checker", () => {
  for (const { name, edits } of CODE_MUTATIONS) {
    it(`${name} finds each of its pieces once`, () => {
      for (const [file, own] of Map.groupBy(edits, (edit) => edit.file)) {
        const source = readFileSync(new URL(file, root), "utf8");
        assert.notEqual(own.reduce(edited, source), source);
      }
    });
  }

  it("are at least 20, with different names", () => {
    const names = [...CODE_MUTATIONS, ...DATA_MUTATIONS].map(({ name }) => name);
    assert.ok(names.length >= 20);
    assert.equal(new Set(names).size, names.length);
  });

  it("fails for a piece that is missing or repeated", () => {
    const edit = { file: "some.ts", piece: "one", replacement: "two" };
    assert.equal(edited("and one more", edit), "and two more");
    assert.throws(() => edited("one and one", edit), /2 times, not once/);
    assert.throws(() => edited("none of it".replace("none", "no"), edit), /0 times, not once/);
  });
});
