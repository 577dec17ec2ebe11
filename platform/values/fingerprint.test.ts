import assert from "node:assert/strict";
import { fingerprint } from "./fingerprint.ts";

describe("fingerprint", () => {
  it("is the same for the same contents and has 32 bytes", () => {
    assert.deepEqual(fingerprint(["a", 1n]), fingerprint(["a", 1n]));
    assert.equal(fingerprint([]).length, 32);
  });

  it("differs if a part has another value, place or type", () => {
    const contents = [["ab", "c"], ["a", "bc"], ["c", "ab"], ["1"], [1], [1n], [""], [], ['","']];
    const texts = contents.map((parts) => fingerprint(parts).toString("hex"));
    assert.equal(new Set(texts).size, contents.length);
  });
});
