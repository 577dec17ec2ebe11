import assert from "node:assert/strict";
import { table } from "./table.ts";

describe("the output of a command", () => {
  it("aligns the columns of a table and leaves no space at the end of a line", () => {
    const rows = [
      ["goods", "127.0.0.1:50051", "up"],
      ["pay", "none", ""],
    ];
    assert.equal(table(rows, { indent: 2 }), "  goods  127.0.0.1:50051  up\n  pay    none");
    assert.equal(table([]), "");
  });
});
