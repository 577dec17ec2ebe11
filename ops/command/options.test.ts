import assert from "node:assert/strict";
import { UsageError } from "./command.ts";
import { isIdentifier, pathFromCaller, wholeNumber } from "./options.ts";

describe("the options of a command", () => {
  it("are whole numbers within their bounds", () => {
    const bounds = { min: 1, max: 100 };
    assert.equal(wholeNumber("--limit", "100", bounds), 100);
    assert.equal(wholeNumber("--limit", undefined, bounds), undefined);
    for (const text of [
      "0",
      "101",
      "-1",
      "+1",
      "010",
      " 1",
      "1 ",
      "1.5",
      "1e2",
      "0x1",
      "1,000",
      "１",
      "",
      "many",
      "9".repeat(16),
    ]) {
      assert.throws(() => wholeNumber("--limit", text, bounds), UsageError, text);
    }
  });

  it("are identifiers with at most 19 digits and no leading zero", () => {
    assert.ok(isIdentifier("1") && isIdentifier("9".repeat(19)));
    for (const text of ["0", "01", "-1", "1".repeat(20), "a"]) assert.ok(!isIdentifier(text), text);
  });

  it("resolve a path against the folder in which npm was called", () => {
    const env = { npm_lifecycle_event: "replay", INIT_CWD: "/home/ada" };
    assert.equal(pathFromCaller("orders.csv", env), "/home/ada/orders.csv");
    assert.equal(pathFromCaller("/tmp/orders.csv", env), "/tmp/orders.csv");
    assert.equal(pathFromCaller("orders.csv", {}), `${process.cwd()}/orders.csv`);
  });
});
