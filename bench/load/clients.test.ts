import assert from "node:assert/strict";
import { shareOf, summaryOf } from "./clients.ts";
import { encode, newHistogram, record } from "./histograms.ts";
import type { Loop, PhaseResult } from "./messages.ts";

function resultOf(times: readonly number[], changes: Partial<PhaseResult> = {}): PhaseResult {
  const ok = newHistogram();
  for (const ms of times) record(ok, ms);
  return {
    outcomes: { ok: times.length },
    inTime: times.length,
    ok: encode(ok),
    refused: encode(newHistogram()),
    steps: {},
    perSecond: [times.length],
    cpuMs: 10,
    elapsedMs: 1_000,
    rssBytes: 100,
    due: [],
    ...changes,
  };
}

describe("client processes", () => {
  it("divide each load without remainder", () => {
    const total = (loop: Loop, of: number, value: (part: Loop) => number) =>
      Array.from({ length: of }, (_, place) => value(shareOf(loop, { place, of }))).reduce(
        (sum, part) => sum + part,
      );
    const inFlight = (part: Loop) => (part.kind === "closed" ? part.inFlight : 0);
    const customers = (part: Loop) => (part.kind === "burst" ? part.customers : 0);
    for (const count of [1, 2, 3, 7]) {
      assert.equal(total({ kind: "closed", inFlight: 64 }, count, inFlight), 64);
      assert.equal(total({ kind: "burst", customers: 2_000 }, count, customers), 2_000);
    }
  });

  it("combine their results", () => {
    const refused = { ok: 1, "RESOURCE_EXHAUSTED RATE_LIMITED": 4 };
    const sum = summaryOf([
      resultOf([1, 2, 3], { perSecond: [2, 1], elapsedMs: 2_000 }),
      undefined,
      resultOf([100], { outcomes: refused }),
    ]);
    assert.equal(sum.ok.totalCount, 4);
    assert.deepEqual(sum.outcomes, { ok: 4, "RESOURCE_EXHAUSTED RATE_LIMITED": 4 });
    assert.deepEqual(sum.perSecond, [3, 1]);
    assert.deepEqual([sum.inTime, sum.cpuMs, sum.elapsedMs], [4, 20, 2_000]);
  });
});
