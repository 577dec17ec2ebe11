import assert from "node:assert/strict";
import { ParticipantState } from "#platform/values/participant.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import {
  closedRedemption,
  outcomeOf,
  type Redemption,
  type RedemptionRequest,
  requestFault,
} from "./redemption.ts";

const requestOf = (more: Partial<RedemptionRequest> = {}): RedemptionRequest => ({
  orderId: 11n,
  couponId: 7n,
  userId: 1n,
  goodsAmountCents: 2_000n,
  ...more,
});

const held: Redemption = {
  ...requestOf(),
  amountOffCents: 500n,
  state: ParticipantState.HELD,
  refusal: undefined,
};

describe("outcomeOf", () => {
  it("repeats the first answer", () => {
    assert.deepEqual(outcomeOf(held, requestOf()), { orderId: 11n, amountOffCents: 500n });
    const refusal = new Refusal(Reason.COUPON_NOT_FOUND);
    const refused = { ...held, state: ParticipantState.REFUSED, amountOffCents: 0n, refusal };
    const again = outcomeOf(refused, requestOf());
    assert.equal(again.refusal, refusal);
    assert.equal(again.amountOffCents, 0n);
  });

  it("refuses other contents than those that the order holds", () => {
    for (const more of [{ couponId: 8n }, { userId: 2n }, { goodsAmountCents: 2_001n }]) {
      const { refusal } = outcomeOf(held, requestOf(more));
      assert.equal(refusal?.reason, Reason.INVALID_ARGUMENT);
      assert.equal(refusal?.violations[0]?.field, "order_id");
    }
  });

  it("refuses a request that arrives after its order was closed", () => {
    const closed = closedRedemption({ orderId: 11n, userId: 1n });
    const { refusal } = outcomeOf(closed, requestOf());
    assert.equal(refusal?.reason, Reason.ORDER_CLOSED);
    assert.deepEqual(refusal?.metadata, { order_id: "11" });
  });
});

describe("requestFault", () => {
  it("names the malformed fields of a request by its position", () => {
    const bad = { orderId: 0n, couponId: -1n, userId: 0n, goodsAmountCents: 2n ** 53n };
    assert.deepEqual(
      requestFault(bad, "uses[3]")?.violations.map(({ field }) => field),
      ["uses[3].order_id", "uses[3].coupon_id", "uses[3].user_id", "uses[3].goods_amount_cents"],
    );
    assert.equal(requestFault(requestOf(), "uses[3]"), undefined);
  });
});
