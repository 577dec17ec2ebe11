import assert from "node:assert/strict";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { ParticipantState } from "#platform/values/participant.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import {
  closedHold,
  earlyHold,
  type Hold,
  type HoldRequest,
  outcomeOf,
  requestFault,
} from "./hold.ts";

const requestOf = (orderId: bigint, userId: bigint, amountCents: bigint): HoldRequest => ({
  orderId,
  userId,
  amountCents,
});

const held: Hold = {
  ...requestOf(1n, 7n, 5n),
  state: ParticipantState.HELD,
  returnedCents: 0n,
  refusal: undefined,
};

describe("outcomeOf", () => {
  it("repeats the first answer", () => {
    assert.deepEqual(outcomeOf(held, requestOf(1n, 7n, 5n)), { orderId: 1n });
    const refusal = new Refusal(Reason.BALANCE_NOT_ENOUGH);
    const refused = { ...held, state: ParticipantState.REFUSED, refusal };
    assert.equal(outcomeOf(refused, requestOf(1n, 7n, 5n)).refusal, refusal);
  });

  it("refuses other contents than those that the order holds", () => {
    for (const other of [requestOf(1n, 7n, 4n), requestOf(1n, 8n, 5n)]) {
      assert.equal(outcomeOf(held, other).refusal?.reason, Reason.INVALID_ARGUMENT);
    }
  });

  it("refuses a request that arrives after its order was closed", () => {
    const closed = closedHold({ orderId: 1n, userId: 7n });
    const { refusal } = outcomeOf(closed, requestOf(1n, 7n, 5n));
    assert.equal(refusal?.reason, Reason.ORDER_CLOSED);
  });

  it("stops at an order that is not decided", () => {
    const early = earlyHold({ orderId: 1n, userId: 7n });
    assert.throws(() => outcomeOf(early, requestOf(1n, 7n, 5n)), /order 1 is not decided yet/);
  });
});

describe("requestFault", () => {
  it("names the field of a malformed request", () => {
    for (const [field, bad] of [
      ["d[3].order_id", requestOf(0n, 1n, 1n)],
      ["d[3].user_id", requestOf(1n, -1n, 1n)],
      ["d[3].amount_cents", requestOf(1n, 1n, -1n)],
      ["d[3].amount_cents", requestOf(1n, 1n, MAX_CENTS + 1n)],
    ] as const) {
      assert.deepEqual(
        requestFault(bad, "d[3]")?.violations.map((violation) => violation.field),
        [field],
      );
    }
    assert.equal(requestFault(requestOf(1n, 1n, MAX_CENTS), "d[0]"), undefined);
  });
});
