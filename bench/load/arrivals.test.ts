import assert from "node:assert/strict";
import { seeded } from "../../testbed/random.ts";
import { arrivals } from "./arrivals.ts";

const times = (seed: string, perSecond: number, seconds: number) => [
  ...arrivals(seeded(seed), { perSecond, seconds }),
];

describe("arrivals", () => {
  it("match the requested rate within statistical limits", () => {
    const count = times("many", 500, 60).length;
    // Six standard deviations of 30,000 arrivals.
    assert.ok(Math.abs(count - 30_000) < 6 * Math.sqrt(30_000), `${count} arrivals`);
  });

  it("are in order and end in time", () => {
    const all = times("order", 200, 5);
    assert.deepEqual(
      all,
      all.toSorted((a, b) => a - b),
    );
    assert.ok(all.every((atMs) => atMs >= 0 && atMs < 5_000));
  });

  it("have exponential gaps, as independent customers do", () => {
    const gaps = times("gaps", 1_000, 30).map((atMs, index, all) => atMs - (all[index - 1] ?? 0));
    // Of exponential gaps, 1 - 1/e are below their mean.
    const below = gaps.filter((gap) => gap < 1).length / gaps.length;
    assert.ok(Math.abs(below - 0.632) < 0.02, `${below} of the gaps are below the mean`);
  });

  it("repeat for the same seed, and are none for a rate of 0", () => {
    assert.deepEqual(times("same", 50, 2), times("same", 50, 2));
    assert.notDeepEqual(times("same", 50, 2), times("other", 50, 2));
    assert.deepEqual(times("none", 0, 2), []);
  });
});
