import assert from "node:assert/strict";
import type { Sample } from "../turn.ts";
import { growth } from "./samples.ts";

const sample = (order: number, waitingEvents = 0): Sample => ({
  atSeconds: 0,
  memoryMib: { order },
  waitingEvents,
  pendingMessages: 1,
});

describe("samples of a long run", () => {
  it("show no growth when the last third equals the second, independently of the first", () => {
    const figures = growth([50, 80, 100, 100, 100, 100].map((mib) => sample(mib)));
    assert.equal(figures["memoryGrowth.order"], 1);
  });

  it("show the growth of memory and queues", () => {
    const figures = growth([100, 100, 100, 110].map((mib, index) => sample(mib, index)));
    assert.equal(figures["memoryGrowth.order"], 1.05);
    assert.equal(figures["waitingEvents.secondThird"], 1);
    assert.equal(figures["waitingEvents.lastThird"], 2.5);
  });

  it("give no figures when there are too few", () => {
    assert.deepEqual(growth([sample(1), sample(2)]), {});
  });
});
