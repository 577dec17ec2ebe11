import { Checks } from "#platform/values/checks.ts";
import { type Decision, ParticipantState } from "#platform/values/participant.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";

/** One order's request for balance. An amount of 0 only asks whether the user exists. */
export type HoldRequest = { orderId: bigint; userId: bigint; amountCents: bigint };

/**
 * The decision about one order, made once. The amount is 0 if the order was closed or refunded
 * before its request. Refunds have given `returnedCents` of the amount back.
 */
export type Hold = HoldRequest & Decision & { returnedCents: bigint };

/** The answer to one request; without a refusal the order has its amount. */
export type HoldOutcome = { orderId: bigint; refusal?: Refusal };

/** An order that was cancelled. */
export type ClosedOrder = { orderId: bigint; userId: bigint };

/** The refusal of a malformed request, undefined for a well-formed one. */
export function requestFault(request: HoldRequest, field: string): Refusal | undefined {
  const checks = new Checks();
  checks.identifier(`${field}.order_id`, request.orderId);
  checks.identifier(`${field}.user_id`, request.userId);
  checks.cents(`${field}.amount_cents`, request.amountCents);
  return checks.refusal;
}

/** Throws Refusal(INVALID_ARGUMENT) for an event whose numbers are out of range. */
export function checkClosedOrder(order: ClosedOrder): void {
  const checks = new Checks();
  checks.identifier("order_id", order.orderId);
  checks.identifier("user_id", order.userId);
  checks.throwIfAny();
}

/** Answers a request from the hold of its order. Other contents than before are refused. */
export function outcomeOf(hold: Hold, request: HoldRequest): HoldOutcome {
  const { orderId } = request;
  switch (hold.state) {
    case ParticipantState.EARLY:
      throw new Error(`the hold of order ${orderId} is not decided yet`);
    case ParticipantState.REFUSED:
      if (!hold.refusal) throw new Error(`the refused hold of order ${orderId} has no refusal`);
      return { orderId, refusal: hold.refusal };
    case ParticipantState.RELEASED:
      return { orderId, refusal: new Refusal(Reason.ORDER_CLOSED, { order_id: `${orderId}` }) };
    case ParticipantState.HELD:
      return sameContents(hold, request) ? { orderId } : { orderId, refusal: otherContents() };
  }
}

export function sameContents(a: HoldRequest, b: HoldRequest): boolean {
  return a.userId === b.userId && a.amountCents === b.amountCents;
}

/** The refusal of an order that asks again with other contents than before. */
export function otherContents(): Refusal {
  const description = "has already asked for another user or amount; repeat the same";
  return new Refusal(Reason.INVALID_ARGUMENT, {}, [{ field: "order_id", description }]);
}

/** The row of an order that was closed before its request arrived; the late request is refused. */
export function closedHold(order: ClosedOrder): Hold {
  return { ...emptyHold(order), state: ParticipantState.RELEASED };
}

/** The row of an order whose refund arrived before its request. */
export function earlyHold(order: ClosedOrder): Hold {
  return { ...emptyHold(order), state: ParticipantState.EARLY };
}

function emptyHold({ orderId, userId }: ClosedOrder) {
  return { orderId, userId, amountCents: 0n, returnedCents: 0n, refusal: undefined };
}
