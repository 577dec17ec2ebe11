import assert from "node:assert/strict";
import { EPOCH_MS, LeaseLost, snowflake } from "./snowflake.ts";

const START_MS = EPOCH_MS + 1_000_000;
const timeOf = (id: bigint) => Number(id >> 22n) + EPOCH_MS;
const workerOf = (id: bigint) => Number((id >> 12n) & 1023n);

function generator(
  options: { clock?: { nowMs: number }; startMs?: number; workerId?: number } = {},
) {
  const clock = options.clock ?? { nowMs: START_MS };
  const ids = snowflake({
    workerId: options.workerId ?? 7,
    startMs: options.startMs ?? 0,
    nowMs: () => clock.nowMs,
  });
  ids.extend({ ceilingMs: START_MS + 60_000, validUntilMs: START_MS + 60_000 });
  return { ids, clock };
}

describe("snowflake", () => {
  it("makes positive 63-bit identifiers that carry time and worker number", () => {
    const id = generator({ workerId: 1023 }).ids.next();
    assert.ok(id > 0n && id < 2n ** 63n);
    assert.equal(timeOf(id), START_MS);
    assert.equal(workerOf(id), 1023);
  });

  it("rises without repetition while the clock stands still, beyond the end of the sequence", () => {
    const { ids } = generator();
    let last = 0n;
    for (let count = 0; count < 10_000; count += 1) {
      const id = ids.next();
      assert.ok(id > last);
      last = id;
    }
    assert.equal(timeOf(last), START_MS + 2);
  });

  it("rises when the clock is set back", () => {
    const { ids, clock } = generator();
    const before = ids.next();
    clock.nowMs -= 3_600_000;
    assert.ok(ids.next() > before);
  });

  it("starts above the ceiling of the last holder, even if the clock is behind it", () => {
    const { ids } = generator({ startMs: START_MS + 5_000 });
    assert.ok(timeOf(ids.next()) > START_MS + 5_000);
  });

  it("stops at the end of its lease and at its ceiling", () => {
    const { ids, clock } = generator();
    clock.nowMs = START_MS + 60_000;
    assert.throws(() => ids.next(), LeaseLost);
    const other = generator({ startMs: START_MS + 60_000 });
    assert.throws(() => other.ids.next(), LeaseLost);
  });

  it("differs between workers in the same millisecond", () => {
    assert.notEqual(generator({ workerId: 1 }).ids.next(), generator({ workerId: 2 }).ids.next());
  });

  it("refuses a worker number out of range", () => {
    assert.throws(() => generator({ workerId: 1024 }), RangeError);
  });
});
