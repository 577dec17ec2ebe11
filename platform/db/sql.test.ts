import assert from "node:assert/strict";
import { expression, formatSql, literal } from "./sql.ts";

describe("SQL text", () => {
  it("keeps every text inside its quotes", () => {
    const hostile = `' OR 1=1 -- \\ " ? \u0000 \n 😀`;
    const text = literal(hostile);
    assert.match(text, /^'.*'$/s);
    assert.equal(text.slice(1, -1).replaceAll(/\\./gs, "").includes("'"), false);
  });

  it("writes identifiers above 2^53 exactly", () => {
    assert.equal(literal(9_007_199_254_740_993n), "9007199254740993");
  });

  it("writes times in UTC with milliseconds, bytes as hex, and null and undefined as NULL", () => {
    assert.equal(literal(new Date("2026-11-23T10:20:30.456Z")), "'2026-11-23 10:20:30.456'");
    assert.equal(literal(Buffer.from([0, 255])), "x'00ff'");
    assert.equal(literal(undefined), "NULL");
    assert.equal(literal(null), "NULL");
    assert.equal(literal(true), "1");
    assert.equal(literal(expression("now(3)")), "now(3)");
  });

  it("refuses NaN and plain objects", () => {
    assert.throws(() => literal(Number.NaN), TypeError);
    assert.throws(() => literal({} as never), TypeError);
  });

  it("writes lists, and matches nothing with an empty one", () => {
    assert.equal(formatSql("a in (?) and b = ?", [[1n, 2n], "x"]), "a in (1,2) and b = 'x'");
    assert.equal(formatSql("a in (?)", [[]]), "a in (NULL)");
  });

  it("does not take a question mark in a value for a placeholder", () => {
    assert.equal(formatSql("? ?", ["a?b", "c"]), "'a?b' 'c'");
  });

  it("refuses too few and too many parameters", () => {
    assert.throws(() => formatSql("? ?", [1]), /too few/);
    assert.throws(() => formatSql("?", [1, 2]), /too many/);
  });
});
