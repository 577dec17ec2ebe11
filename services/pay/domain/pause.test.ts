import assert from "node:assert/strict";
import { growingPause } from "./pause.ts";

describe("the pause between tries", () => {
  it("doubles from the first one up to the longest, and stays there", () => {
    const bounds = { firstMs: 30_000, maxMs: 300_000 };
    const pauses = [0, 1, 2, 3, 4, 1_000_000].map((tries) => growingPause(tries, bounds));
    assert.deepEqual(pauses, [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
  });

  it("is never shorter than the first one", () => {
    assert.equal(growingPause(3, { firstMs: 500, maxMs: 100 }), 500);
  });
});
