import assert from "node:assert/strict";
import { money } from "./format.ts";
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

  it("shows cents as an amount with two decimals", () => {
    assert.deepEqual([0n, 5n, 1_234n, -5n].map(money), ["0.00", "0.05", "12.34", "-0.05"]);
  });
});
