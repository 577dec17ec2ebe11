import assert from "node:assert/strict";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { answerRepeated, balanceAfterTopUp, faultOf } from "./top-up.ts";

const topUp = { requestId: "top-1", userId: 7n, amountCents: 100n };

const refusedFor = (reason: Reason) => (error: unknown) =>
  error instanceof Refusal && error.reason === reason;

describe("a top-up", () => {
  it("accepts amounts from one cent to the largest amount", () => {
    assert.equal(faultOf({ ...topUp, amountCents: 1n }), undefined);
    assert.equal(faultOf({ ...topUp, amountCents: MAX_CENTS }), undefined);
    for (const amountCents of [0n, -1n, MAX_CENTS + 1n]) {
      assert.equal(faultOf({ ...topUp, amountCents })?.reason, Reason.INVALID_ARGUMENT);
    }
  });

  it("raises a balance to the largest amount, and refuses one cent more", () => {
    assert.equal(balanceAfterTopUp(MAX_CENTS - 100n, topUp), MAX_CENTS);
    const beyond = () => balanceAfterTopUp(MAX_CENTS - 99n, topUp);
    assert.throws(beyond, refusedFor(Reason.INVALID_ARGUMENT));
  });

  it("repeats the first balance, and refuses the request id for other contents", () => {
    const first = { userId: 7n, amountCents: 100n, balanceAfter: 150n };
    assert.equal(answerRepeated(first, topUp), 150n);
    for (const other of [
      { ...topUp, amountCents: 101n },
      { ...topUp, userId: 8n },
    ]) {
      assert.throws(() => answerRepeated(first, other), refusedFor(Reason.REQUEST_ID_REUSED));
    }
  });
});
