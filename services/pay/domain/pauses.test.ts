import assert from "node:assert/strict";
import { growingPause } from "./pauses.ts";

describe("pauses between tries", () => {
  it("double from the first one up to the longest, and stay there for ever", () => {
    const bounds = { firstMs: 30_000, maxMs: 300_000 };
    const pauses = [0, 1, 2, 3, 4, 1_000_000].map((tries) => growingPause(tries, bounds));
    assert.deepEqual(pauses, [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
  });

  it("are never shorter than the first one", () => {
    assert.equal(growingPause(3, { firstMs: 500, maxMs: 100 }), 500);
  });
});
