import assert from "node:assert/strict";
import { RefundStatus } from "./refund.ts";
import { planTry, type RefundRoom, type TriedRefund } from "./refund-try.ts";

const refund: TriedRefund = { status: RefundStatus.REQUESTED, attempt: 1, sentAttempt: 0 };
const room: RefundRoom = { spacingMs: 3_000, maxPerPayment: 50, waitMs: 0, sentNumbers: 0 };

describe("the next try of a refund", () => {
  it("is a request, and after one with the same number a query first", () => {
    assert.deepEqual(planTry(refund, room), { kind: "send" });
    assert.deepEqual(planTry({ ...refund, sentAttempt: 1 }, room), { kind: "resend" });
    const refused = { status: RefundStatus.FAILED, attempt: 2, sentAttempt: 1 };
    assert.deepEqual(planTry(refused, room), { kind: "send" });
  });

  it("is a query only, of a refund that the provider has accepted, regardless of the rules", () => {
    const pending = { status: RefundStatus.PENDING, attempt: 1, sentAttempt: 1 };
    const full = { ...room, waitMs: 2_000, sentNumbers: 50 };
    assert.deepEqual(planTry(pending, full), { kind: "query" });
  });

  it("waits for the spacing, and no longer than it", () => {
    assert.deepEqual(planTry(refund, { ...room, waitMs: 1 }), { kind: "wait", waitMs: 1 });
    const setBack = { ...room, waitMs: 3_600_000 };
    assert.deepEqual(planTry(refund, setBack), { kind: "wait", waitMs: 3_000 });
    assert.deepEqual(planTry(refund, { ...room, waitMs: -1 }), { kind: "send" });
    assert.deepEqual(planTry(refund, { ...room, spacingMs: 0, waitMs: 9 }), { kind: "send" });
  });

  it("is none for a new number beyond the cap; a number that was sent stays allowed", () => {
    const full = { ...room, sentNumbers: 50 };
    assert.deepEqual(planTry(refund, full), { kind: "full" });
    assert.deepEqual(planTry({ ...refund, sentAttempt: 1 }, full), { kind: "resend" });
    assert.deepEqual(planTry(refund, { ...room, sentNumbers: 49 }), { kind: "send" });
  });
});
