import assert from "node:assert/strict";
import { barsOf } from "./bars.ts";
import type { Cell } from "./result.ts";

const cell = (
  workload: string,
  target: Cell["target"],
  figures: Cell["figures"],
  load = "256 in flight",
): Cell => ({ workload, load, target, turns: 5, figures, outcomes: {} });

describe("the goals of the report", () => {
  it("compare the shop with each baseline", () => {
    const bars = barsOf([
      cell("place", "shop", { perSecond: 1_600, cpuMs: 0.5 }),
      cell("place", "monolith", { perSecond: 1_000, cpuMs: 1.25 }),
      cell("place", "bare", { perSecond: 2_000, cpuMs: 0.1 }),
    ]);
    assert.deepEqual(
      bars.map(({ value, reached }) => [value, reached]),
      [
        [0.4, true],
        [1.6, true],
        [0.8, true],
      ],
    );
  });

  it("are missed by one piece too many or too few", () => {
    const sold = (done: number) => barsOf([cell("flash", "shop", { done }, "2000 at once")])[0];
    assert.deepEqual(
      [99, 100, 101].map((done) => sold(done)?.reached),
      [false, true, false],
    );
  });

  it("leave out workloads that were not run", () => {
    assert.deepEqual(barsOf([]), []);
    assert.deepEqual(barsOf([cell("place", "shop", { perSecond: 1_600 })]), []);
  });
});
