import { MAX_QUANTITY } from "#platform/values/amounts.ts";
import { Checks } from "#platform/values/checks.ts";
import { type Decision, ParticipantState } from "#platform/values/participant.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { SoldGoods } from "./goods.ts";
import type { Units } from "./stock.ts";

export type Line = { goodsId: bigint; quantity: bigint; unitPriceCents: bigint };

/** One order's request for stock. Each item appears in one line at most. */
export type ReservationRequest = { orderId: bigint; lines: readonly Line[] };

/** The decision about one order, made once. What the order holds is in the stock log. */
export type Reservation = Decision & { orderId: bigint };

/** The answer to one request; without a refusal the order has its stock. */
export type ReservationOutcome = {
  orderId: bigint;
  refusal?: Refusal;
  /** The goods of a reserved order. */
  goods?: readonly SoldGoods[];
};

/** The refusal of a malformed request, undefined for a well-formed one. */
export function requestFault(
  { orderId, lines }: ReservationRequest,
  { field, maxLines }: { field: string; maxLines: number },
): Refusal | undefined {
  const checks = new Checks();
  checks.identifier(`${field}.order_id`, orderId);
  checks.count(`${field}.lines`, lines, { min: 1, max: maxLines });
  const seen = new Set<bigint>();
  for (const [index, { goodsId, quantity, unitPriceCents }] of lines.entries()) {
    const line = `${field}.lines[${index}]`;
    checks.identifier(`${line}.goods_id`, goodsId);
    checks.that(`${line}.goods_id`, !seen.has(goodsId), "must not repeat an earlier line");
    checks.integer(`${line}.quantity`, quantity, { min: 1n, max: MAX_QUANTITY });
    checks.cents(`${line}.unit_price_cents`, unitPriceCents);
    seen.add(goodsId);
  }
  return checks.refusal;
}

/**
 * Answers a request from the reservation of its order. `taken` is what the order took when it was
 * reserved; a request for other lines than those is refused.
 */
export function outcomeOf(
  reservation: Reservation,
  { orderId, lines }: ReservationRequest,
  taken: Units | undefined,
): ReservationOutcome {
  switch (reservation.state) {
    case ParticipantState.EARLY:
      throw new Error(`the reservation of order ${orderId} is not decided yet`);
    case ParticipantState.REFUSED:
      if (!reservation.refusal) {
        throw new Error(`the refused reservation of order ${orderId} has no refusal`);
      }
      return { orderId, refusal: reservation.refusal };
    case ParticipantState.RELEASED:
      return { orderId, refusal: new Refusal(Reason.ORDER_CLOSED, { order_id: `${orderId}` }) };
    case ParticipantState.HELD: {
      const isSame =
        taken?.size === lines.length &&
        lines.every(({ goodsId, quantity }) => taken.get(goodsId) === quantity);
      return isSame ? { orderId } : { orderId, refusal: otherContents() };
    }
  }
}

function otherContents(): Refusal {
  const description = "has already reserved other lines; repeat the same lines or use a new order";
  return new Refusal(Reason.INVALID_ARGUMENT, {}, [{ field: "order_id", description }]);
}

/** The row of an order that was closed before its request arrived; the late request is refused. */
export function closedReservation({ orderId }: { orderId: bigint }): Reservation {
  return { orderId, state: ParticipantState.RELEASED, refusal: undefined };
}

/** The row of an order whose refund arrived before its request. */
export function earlyReservation({ orderId }: { orderId: bigint }): Reservation {
  return { orderId, state: ParticipantState.EARLY, refusal: undefined };
}
