import assert from "node:assert/strict";
import type { Figures } from "../measure/figures.ts";
import { byProcess, median, medians } from "./statistics.ts";

describe("medians", () => {
  it("are the middle value, or the mean of the two middle values", () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([4, 1, 2, 100]), 3);
    assert.ok(Number.isNaN(median([])));
  });

  it("are computed for each figure from the turns that have it", () => {
    const turns: Figures[] = [
      { perSecond: 10, p99Ms: 5 },
      { perSecond: 30, p99Ms: 1 },
      { perSecond: 20, p99Ms: 9, "calls.PlaceOrder": 1 },
    ];
    assert.deepEqual(medians(turns), { perSecond: 20, p99Ms: 5, "calls.PlaceOrder": 1 });
  });
});

describe("figures of processes", () => {
  it("sum up the replicas of a service", () => {
    const figures = { "cpuMs.order": 1, "cpuMs.order-2": 2, "cpuMs.nats-server": 4, cpuMs: 7 };
    assert.deepEqual(byProcess(figures, "cpuMs."), { order: 3, "nats-server": 4 });
  });
});
