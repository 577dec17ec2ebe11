import assert from "node:assert/strict";
import { curveOf, encode, merge, newHistogram, record, spreadOf } from "./histograms.ts";

function measured(times: readonly number[]) {
  const histogram = newHistogram();
  for (const ms of times) record(histogram, ms);
  return histogram;
}

const near = (value: number, wanted: number) =>
  assert.ok(Math.abs(value - wanted) <= wanted * 0.002, `${value} is not ${wanted}`);

describe("histograms", () => {
  it("merge to what one process would have measured", () => {
    const fast = Array.from({ length: 900 }, (_, index) => 1 + index / 900);
    const slow = Array.from({ length: 100 }, (_, index) => 100 + index);
    const merged = merge([encode(measured(fast)), encode(measured(slow))]);
    assert.equal(merged.totalCount, 1_000);
    const one = merge([encode(measured([...fast, ...slow]))]);
    assert.deepEqual(spreadOf(merged), spreadOf(one));
    near(spreadOf(merged).p99, 189);
  });

  it("keep three digits from a microsecond to two minutes", () => {
    for (const ms of [0.001, 0.5, 12.34, 987.6, 60_000]) near(spreadOf(measured([ms])).p50, ms);
  });

  it("count longer times as two minutes", () => {
    near(spreadOf(measured([500_000])).max, 120_000);
  });

  it("are empty without a measurement", () => {
    assert.deepEqual(spreadOf(merge([])), { p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
    assert.deepEqual(curveOf(newHistogram()), []);
  });
});
