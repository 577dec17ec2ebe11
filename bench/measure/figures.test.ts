import assert from "node:assert/strict";
import { type Summary, summaryOf } from "../load/clients.ts";
import { newHistogram, record } from "../load/histograms.ts";
import { figuresOf } from "./figures.ts";
import type { Reading } from "./meter.ts";

const PLACE = "/shop.order.v1.OrderService/PlaceOrder";
const RESERVE = "/shop.goods.v1.GoodsService/ReserveStock";

const reading = (times: number): Reading => ({
  cpuMs: { order: 50 * times, database: 30 * times, load: 20 * times },
  residentBytes: { order: 2 ** 20 },
  database: { commits: 10 * times, statements: 0, flushes: 5 * times, bytes: 0, rowsWritten: 0 },
  storedMessages: 100 * times,
  calls: { [PLACE]: { calls: 100 * times, bytes: 0 }, [RESERVE]: { calls: 4 * times, bytes: 0 } },
  rpcBytes: 80_000 * times,
});

function summary(ok: number, refused: number): Summary {
  const [good, bad] = [newHistogram(), newHistogram()];
  for (let one = 0; one < ok; one += 1) record(good, 5);
  for (let one = 0; one < refused; one += 1) record(bad, 1);
  const outcomes = { ok, "FAILED_PRECONDITION STOCK_NOT_ENOUGH": refused };
  return { ...summaryOf([]), ok: good, refused: bad, outcomes, inTime: ok, elapsedMs: 500 };
}

const costs = { before: reading(1), after: reading(2), seconds: 2, burst: false, beside: 0 };

describe("the figures of a turn", () => {
  it("are the difference of two readings, per successful task", () => {
    const figures = figuresOf(summary(100, 0), costs);
    assert.equal(figures.perSecond, 50);
    assert.equal(figures["cpuMs.order"], 0.5);
    assert.equal(figures.cpuMs, 0.8, "without the load generator");
    assert.equal(figures["cpuMs.load"], 0.2);
    assert.deepEqual([figures.commits, figures.flushes, figures.rpcBytes], [0.1, 0.05, 800]);
    assert.deepEqual([figures.calls, figures.batch], [1.04, 25]);
  });

  it("count refusals of a burst as answers", () => {
    const figures = figuresOf(summary(10, 90), { ...costs, burst: true });
    assert.deepEqual([figures.perSecond, figures.done, figures.notDone], [200, 10, 90]);
    assert.equal(figures["cpuMs.order"], 0.5);
  });

  it("divide the cost by all tasks that ran at the same time", () => {
    assert.equal(figuresOf(summary(20, 0), { ...costs, beside: 80 })["cpuMs.order"], 0.5);
  });
});
