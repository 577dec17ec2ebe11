import { Checks } from "#platform/values/checks.ts";
import { type Decision, ParticipantState } from "#platform/values/participant.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { Spending } from "./coupon.ts";

/** One order's request to spend a coupon. */
export type RedemptionRequest = Spending & { orderId: bigint };

/**
 * The decision about one order, made once. Never EARLY: a coupon comes back as a whole or not at
 * all, so no refund has to wait for it. An order that was closed before its request has coupon 0.
 */
export type Redemption = RedemptionRequest &
  Decision<Exclude<ParticipantState, typeof ParticipantState.EARLY>> & { amountOffCents: bigint };

/** The answer to one request: the amount off, or 0 and a refusal. */
export type RedemptionOutcome = { orderId: bigint; amountOffCents: bigint; refusal?: Refusal };

/** An order that was cancelled, or refunded as a whole. */
export type ClosedOrder = { orderId: bigint; userId: bigint };

/** The refusal of a malformed request, undefined for a well-formed one. */
export function requestFault(request: RedemptionRequest, field: string): Refusal | undefined {
  const checks = new Checks();
  checks.identifier(`${field}.order_id`, request.orderId);
  checks.identifier(`${field}.coupon_id`, request.couponId);
  checks.identifier(`${field}.user_id`, request.userId);
  checks.cents(`${field}.goods_amount_cents`, request.goodsAmountCents);
  return checks.refusal;
}

/** Throws Refusal(INVALID_ARGUMENT) for an event whose numbers are out of range. */
export function checkClosedOrder(order: ClosedOrder): void {
  const checks = new Checks();
  checks.identifier("order_id", order.orderId);
  checks.identifier("user_id", order.userId);
  checks.throwIfAny();
}

/** Answers a request from the redemption of its order. Other contents than before are refused. */
export function outcomeOf(redemption: Redemption, request: RedemptionRequest): RedemptionOutcome {
  const { orderId } = request;
  const refused = (refusal: Refusal) => ({ orderId, amountOffCents: 0n, refusal });
  switch (redemption.state) {
    case ParticipantState.REFUSED:
      if (!redemption.refusal) {
        throw new Error(`the refused redemption of order ${orderId} has no refusal`);
      }
      return refused(redemption.refusal);
    case ParticipantState.RELEASED:
      return refused(new Refusal(Reason.ORDER_CLOSED, { order_id: `${orderId}` }));
    case ParticipantState.HELD:
      return sameContents(redemption, request)
        ? { orderId, amountOffCents: redemption.amountOffCents }
        : refused(otherContents());
  }
}

function sameContents(a: RedemptionRequest, b: RedemptionRequest): boolean {
  return (
    a.couponId === b.couponId && a.userId === b.userId && a.goodsAmountCents === b.goodsAmountCents
  );
}

function otherContents(): Refusal {
  const description = "has already used another coupon, user or goods amount; repeat the same";
  return new Refusal(Reason.INVALID_ARGUMENT, {}, [{ field: "order_id", description }]);
}

/** The row of an order that was closed before its request arrived; the late request is refused. */
export function closedRedemption({ orderId, userId }: ClosedOrder): Redemption {
  return {
    orderId,
    userId,
    couponId: 0n,
    goodsAmountCents: 0n,
    amountOffCents: 0n,
    state: ParticipantState.RELEASED,
    refusal: undefined,
  };
}
