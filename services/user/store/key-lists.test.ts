import assert from "node:assert/strict";
import { keyLists } from "./key-lists.ts";

describe("keyLists", () => {
  it("sorts the keys, drops repeated ones and keeps each list below 1,000", () => {
    const keys = Array.from({ length: 1_200 }, (_, index) => BigInt(1_200 - index));
    const lists = keyLists([...keys, ...keys]);
    assert.deepEqual(lists.flat(), keys.toReversed());
    assert.ok(lists.every((list) => list.length < 1_000));
    assert.deepEqual(keyLists([]), []);
  });
});
