import { MAX_QUANTITY } from "#platform/values/amounts.ts";
import { Checks } from "#platform/values/checks.ts";
import {
  type Decision,
  type Ledger,
  type Movement,
  MovementType,
  OrderState,
  type Units,
} from "./stock.ts";

/** A refund's lines, which come back into stock. */
export type Refund = {
  orderId: bigint;
  refundId: bigint;
  lines: readonly { goodsId: bigint; quantity: bigint }[];
};

export type Returned = {
  movements: Movement[];
  /** Orders of which everything is back now. */
  released: bigint[];
  /** Orders that this service had not heard of. */
  marks: Decision[];
  /** Refunds that wait for their order's reservation. */
  early: Refund[];
};

/** Refuses an event with impossible numbers. */
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
 * Takes refunded lines back into stock: each refund once, and no more than its order holds by the log, whatever the
 * event says. An order that got nothing, or was closed before, has nothing to give.
 *
 * What an order holds in the end is what it took, less all its refunds, and nothing once it is closed: a sum does not
 * mind the order in which its parts come, and closing wins over all. So that this also holds for a refund that comes
 * before the reservation, an unknown order is marked `early` and its refund is kept: the reservation finds the mark and
 * takes both steps at once. Closing such an order instead would refuse the reservation and so lose the lines that were
 * not refunded; leaving no trace would lose the refund.
 */
export function decideReturns(
  refunds: readonly Refund[],
  known: {
    ledger: Ledger;
    held: ReadonlyMap<bigint, Units>;
    goods: ReadonlyMap<bigint, { stock: bigint }>;
    /** The refunds of these orders that had their effect, or are kept for it. */
    refunded: ReadonlySet<bigint>;
  },
): Returned {
  const ledger = new Map(known.ledger);
  const refunded = new Set(known.refunded);
  const stock = new Map([...known.goods].map(([goodsId, goods]) => [goodsId, goods.stock]));
  const held = new Map([...known.held].map(([orderId, units]) => [orderId, new Map(units)]));
  const result: Returned = { movements: [], released: [], marks: [], early: [] };
  for (const refund of refunds) {
    const { orderId, refundId } = refund;
    if (refunded.has(refundId) || refund.lines.length === 0) continue;
    refunded.add(refundId);
    const decision = ledger.get(orderId);
    if (!decision) {
      const mark = { orderId, state: OrderState.early, refusal: undefined };
      ledger.set(orderId, mark);
      result.marks.push(mark);
    }
    if (!decision || decision.state === OrderState.early) result.early.push(refund);
    if (decision?.state !== OrderState.held) continue;
    const left = held.get(orderId) ?? new Map<bigint, bigint>();
    result.movements.push(...giveBack(refund, left, stock));
    if (left.size > 0) continue;
    result.released.push(orderId);
    ledger.set(orderId, { ...decision, state: OrderState.released });
  }
  return result;
}

/** Moves what a refund names from what its order has `left` back into `stock`, as far as there is any; changes both. */
export function giveBack(
  { orderId, refundId, lines }: Refund,
  left: Map<bigint, bigint>,
  stock: Map<bigint, bigint>,
): Movement[] {
  return [...unitsOf(lines)].flatMap(([goodsId, quantity]) => {
    const holding = left.get(goodsId) ?? 0n;
    const delta = quantity < holding ? quantity : holding;
    if (delta === 0n) return [];
    const before = stock.get(goodsId);
    if (before === undefined) throw new Error(`goods ${goodsId} of order ${orderId} are gone`);
    if (delta === holding) left.delete(goodsId);
    else left.set(goodsId, holding - delta);
    const stockAfter = before + delta;
    stock.set(goodsId, stockAfter);
    return [{ goodsId, orderId, type: MovementType.return, delta, stockAfter, refundId }];
  });
}

/** Quantities by goods: one refund has one movement of each. */
export function unitsOf(lines: Refund["lines"]): Map<bigint, bigint> {
  const units = new Map<bigint, bigint>();
  for (const { goodsId, quantity } of lines) {
    units.set(goodsId, (units.get(goodsId) ?? 0n) + quantity);
  }
  return units;
}
