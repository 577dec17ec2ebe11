import { MAX_QUANTITY } from "#platform/values/amounts.ts";
import { Checks } from "#platform/values/checks.ts";
import { ParticipantState } from "#platform/values/participant.ts";
import { earlyReservation, type Reservation } from "./reservation.ts";
import { addToStock, type Movement, StockLogType, stockOf, type Units, unitsOf } from "./stock.ts";

/** The lines of a refund, which come back into stock. */
export type Refund = {
  orderId: bigint;
  refundId: bigint;
  lines: readonly { goodsId: bigint; quantity: bigint }[];
  /** Whether the goods stay out of the stock, as the order keeps them. */
  keepStock?: boolean;
};

/** Throws Refusal(INVALID_ARGUMENT) for an event whose numbers are out of range. */
export function checkRefund({ orderId, refundId, lines }: Refund): void {
  const checks = new Checks();
  checks.identifier("order_id", orderId);
  checks.identifier("refund_id", refundId);
  for (const [index, { goodsId, quantity }] of lines.entries()) {
    checks.identifier(`lines[${index}].goods_id`, goodsId);
    checks.integer(`lines[${index}].quantity`, quantity, { min: 1n, max: MAX_QUANTITY });
  }
  checks.throwIfAny();
}

/**
 * Takes refunded lines back into stock: each refund once, and at most what its order still holds
 * according to the log. An order that was refused or closed holds nothing.
 *
 * Events may arrive in any order, and the result must not depend on it. In the end an order holds
 * what it took less all its refunds, and nothing once it is closed. A sum does not depend on the
 * order of its terms, so only a refund that overtakes its reservation needs care: it marks the
 * order as EARLY and is stored, and the reservation later applies both at once. Closing the order
 * instead would refuse the reservation and lose the lines that were not refunded; recording nothing
 * would lose the refund.
 */
export function decideRefunds(
  refunds: readonly Refund[],
  known: {
    reservations: ReadonlyMap<bigint, Reservation>;
    held: ReadonlyMap<bigint, Units>;
    goods: ReadonlyMap<bigint, { stock: bigint }>;
    /** Refunds of these orders that were already applied, or are stored until the reservation. */
    refunded: ReadonlySet<bigint>;
  },
): {
  movements: Movement[];
  /** Orders that hold nothing any more. */
  released: bigint[];
  /** Rows for orders without one. */
  marks: Reservation[];
  /** Refunds to store until the reservation arrives. */
  early: Refund[];
} {
  const reservations = new Map(known.reservations);
  const refunded = new Set(known.refunded);
  const stock = stockOf(known.goods);
  const held = new Map([...known.held].map(([orderId, units]) => [orderId, new Map(units)]));
  const movements: Movement[] = [];
  const released: bigint[] = [];
  const marks: Reservation[] = [];
  const early: Refund[] = [];
  for (const refund of refunds) {
    const { orderId, refundId } = refund;
    if (refunded.has(refundId) || refund.lines.length === 0) continue;
    refunded.add(refundId);
    const reservation = reservations.get(orderId);
    if (!reservation) {
      const mark = earlyReservation(refund);
      reservations.set(orderId, mark);
      marks.push(mark);
    }
    if (!reservation || reservation.state === ParticipantState.EARLY) early.push(refund);
    if (reservation?.state !== ParticipantState.HELD) continue;
    const left = held.get(orderId) ?? new Map<bigint, bigint>();
    movements.push(...giveBack(refund, left, stock));
    if (left.size > 0) continue;
    released.push(orderId);
    reservations.set(orderId, { ...reservation, state: ParticipantState.RELEASED });
  }
  return { movements, released, marks, early };
}

/** Moves the units of a refund from `held` to `stock`, at most what is held; changes both. */
export function giveBack(
  { orderId, refundId, lines }: Refund,
  held: Map<bigint, bigint>,
  stock: Map<bigint, bigint>,
): Movement[] {
  return [...unitsOf(lines)].flatMap(([goodsId, quantity]) => {
    const holding = held.get(goodsId) ?? 0n;
    const units = quantity < holding ? quantity : holding;
    if (units === 0n) return [];
    if (units === holding) held.delete(goodsId);
    else held.set(goodsId, holding - units);
    const stockAfter = addToStock(stock, { goodsId, orderId, units });
    return [{ goodsId, orderId, type: StockLogType.RETURN, delta: units, stockAfter, refundId }];
  });
}
