import assert from "node:assert/strict";
import { firstByKey, ParticipantState, splitForRelease } from "./participant.ts";
import { Reason, Refusal } from "./refusal.ts";

const { HELD, RELEASED, REFUSED, EARLY } = ParticipantState;

describe("splitForRelease", () => {
  it("opens held and early rows, leaves released and refused ones, and finds unknown keys", () => {
    const refusal = new Refusal(Reason.GOODS_NOT_FOUND);
    const rows = new Map([
      [1n, { key: 1n, state: HELD, refusal: undefined }],
      [2n, { key: 2n, state: RELEASED, refusal: undefined }],
      [3n, { key: 3n, state: REFUSED, refusal }],
      [4n, { key: 4n, state: EARLY, refusal: undefined }],
    ]);
    const closing = new Map([1n, 2n, 3n, 4n, 5n].map((key) => [key, `order ${key}`]));
    const { open, unknown } = splitForRelease(closing, rows);
    assert.deepEqual(
      open.map(({ key }) => key),
      [1n, 4n],
    );
    assert.deepEqual(unknown, ["order 5"]);
  });
});

describe("firstByKey", () => {
  it("keeps the first item of each key, in the order of the items", () => {
    const items = [
      { key: 2n, text: "a" },
      { key: 1n, text: "b" },
      { key: 2n, text: "c" },
    ];
    const first = firstByKey(items, ({ key }) => key);
    assert.deepEqual(
      [...first].map(([key, { text }]) => [key, text]),
      [
        [2n, "a"],
        [1n, "b"],
      ],
    );
  });
});
