import assert from "node:assert/strict";
import { decideAttempt, type Failures } from "./login-limits.ts";

const limits = {
  perOrigin: { failures: 20, windowSeconds: 60 },
  overall: { failures: 100, windowSeconds: 3_600, pauseSeconds: 10 },
};
const now = new Date("2026-11-27T12:00:00Z");
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1_000);
const count = (failures: number, startedAgo: number, lastAgo = startedAgo): Failures => {
  return { failures, windowStart: ago(startedAgo), lastTime: ago(lastAgo) };
};
const none = count(0, 0, 1e9);

const decide = (own: Failures, overall: Failures | undefined) =>
  decideAttempt({ own, overall }, { limits, now });

describe("decideAttempt", () => {
  it("counts an attempt as failed, for its origin and for all unknown ones", () => {
    assert.deepEqual(decide(count(3, 10), count(50, 600, 5)), {
      admitted: true,
      own: { failures: 4, windowStart: ago(10), lastTime: now },
      overall: { failures: 51, windowStart: ago(600), lastTime: now },
    });
  });

  it("counts a known device for itself alone", () => {
    const decision = decide(count(3, 10), undefined);
    assert.equal(decision.admitted && decision.overall, undefined);
  });

  it("refuses an origin from its limit to the end of its window", () => {
    assert.equal(decide(count(19, 59), none).admitted, true);
    assert.deepEqual(decide(count(20, 59), none), { admitted: false, waitMs: 1_000 });
    assert.deepEqual(decide(count(20, 60), none), {
      admitted: true,
      own: { failures: 1, windowStart: now, lastTime: now },
      overall: { failures: 1, windowStart: now, lastTime: now },
    });
  });

  it("spaces the attempts from all unknown origins after their limit", () => {
    assert.equal(decide(none, count(99, 600, 0)).admitted, true);
    assert.deepEqual(decide(none, count(100, 600, 4)), { admitted: false, waitMs: 6_000 });
    assert.equal(decide(none, count(100, 600, 10)).admitted, true);
    assert.equal(decide(none, count(100, 3_600, 0)).admitted, true);
  });
});
