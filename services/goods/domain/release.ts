import {
  type Decision,
  type Ledger,
  type Movement,
  MovementType,
  OrderState,
  type Units,
} from "./stock.ts";

export type Released = {
  /** Orders that held stock, or would have, and now do not. */
  released: bigint[];
  /** Orders that this service had not heard of: closed before their reservation came, which is refused when it does. */
  marks: Decision[];
  movements: Movement[];
};

/**
 * Closes orders and gives back what the ledger says they hold; no more, whatever is asked and however often. `held` has
 * what each held order still holds, `goods` the stock of those goods.
 */
export function decideReleases(
  orderIds: Iterable<bigint>,
  known: {
    ledger: Ledger;
    held: ReadonlyMap<bigint, Units>;
    goods: ReadonlyMap<bigint, { stock: bigint }>;
  },
): Released {
  const stock = new Map<bigint, bigint>();
  for (const [goodsId, goods] of known.goods) stock.set(goodsId, goods.stock);
  const result: Released = { released: [], marks: [], movements: [] };
  for (const orderId of new Set(orderIds)) {
    const decision = known.ledger.get(orderId);
    if (!decision) {
      result.marks.push({ orderId, state: OrderState.released, refusal: undefined });
      continue;
    }
    if (decision.state !== OrderState.held && decision.state !== OrderState.early) continue;
    result.released.push(orderId);
    for (const [goodsId, units] of known.held.get(orderId) ?? []) {
      const before = stock.get(goodsId);
      if (before === undefined) throw new Error(`goods ${goodsId} of order ${orderId} are gone`);
      const stockAfter = before + units;
      stock.set(goodsId, stockAfter);
      result.movements.push({
        goodsId,
        orderId,
        type: MovementType.release,
        delta: units,
        stockAfter,
      });
    }
  }
  return result;
}
