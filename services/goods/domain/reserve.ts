import { Reason, Refusal } from "#platform/values/refusal.ts";
import { type Goods, GoodsStatus } from "./goods.ts";
import { giveBack, type Refund } from "./returns.ts";
import {
  type Decision,
  type Ledger,
  type Movement,
  MovementType,
  OrderState,
  type Units,
} from "./stock.ts";

export type Line = { goodsId: bigint; quantity: bigint; unitPriceCents: bigint };

/** The lines of one order; no goods stands in two of them. */
export type Reservation = { orderId: bigint; lines: readonly Line[] };

export type OnSale = Pick<Goods, "status" | "unitPriceCents" | "stock">;

/** What the decision rests on: the ledger's entries and the goods of the reservations, as far as there are any. */
export type Known = {
  ledger: Ledger;
  /** What the held orders of the ledger took. */
  taken: ReadonlyMap<bigint, Units>;
  goods: ReadonlyMap<bigint, OnSale>;
  /** The refunds of those orders that have some before their reservation. */
  early: ReadonlyMap<bigint, readonly Refund[]>;
};

export type Reserved = {
  /** One for each reservation, in their order; undefined where the order has its stock. */
  answers: (Refusal | undefined)[];
  /** What is decided now, once for ever. */
  decisions: Decision[];
  movements: Movement[];
};

/**
 * Decides reservations in the order given: of two that want the last unit the first gets it. Each gets all its lines or
 * none, and a refusal touches no other. What the ledger decided before is answered from there. Refunds that came before
 * their reservation take back at once what they would have taken back afterwards.
 */
export function decideReservations(reservations: readonly Reservation[], known: Known): Reserved {
  const ledger = new Map(known.ledger);
  const taken = new Map(known.taken);
  const stock = new Map<bigint, bigint>();
  for (const [goodsId, goods] of known.goods) stock.set(goodsId, goods.stock);
  const result: Reserved = { answers: [], decisions: [], movements: [] };

  for (const reservation of reservations) {
    const { orderId, lines } = reservation;
    const earlier = ledger.get(orderId);
    if (earlier && earlier.state !== OrderState.early) {
      result.answers.push(answerFrom(earlier, reservation, taken.get(orderId)));
      continue;
    }
    const refusal = firstRefusal(lines, known.goods, stock);
    const left = new Map<bigint, bigint>();
    if (!refusal) {
      taken.set(orderId, new Map(lines.map(({ goodsId, quantity }) => [goodsId, quantity])));
      result.movements.push(...take(reservation, left, stock));
      for (const refund of known.early.get(orderId) ?? []) {
        result.movements.push(...giveBack(refund, left, stock));
      }
    }
    const state = left.size > 0 ? OrderState.held : OrderState.released;
    const decision = { orderId, state: refusal ? OrderState.refused : state, refusal };
    ledger.set(orderId, decision);
    result.decisions.push(decision);
    result.answers.push(answerFrom(decision, reservation, taken.get(orderId)));
  }
  return result;
}

function take(
  { orderId, lines }: Reservation,
  left: Map<bigint, bigint>,
  stock: Map<bigint, bigint>,
): Movement[] {
  return lines.map(({ goodsId, quantity }) => {
    const stockAfter = (stock.get(goodsId) ?? 0n) - quantity;
    stock.set(goodsId, stockAfter);
    left.set(goodsId, quantity);
    return { goodsId, orderId, type: MovementType.reserve, delta: -quantity, stockAfter };
  });
}

function firstRefusal(
  lines: readonly Line[],
  known: ReadonlyMap<bigint, OnSale>,
  stock: ReadonlyMap<bigint, bigint>,
): Refusal | undefined {
  for (const line of lines) {
    const goods = known.get(line.goodsId);
    const refusal = refusalOf(line, goods, stock.get(line.goodsId) ?? 0n);
    if (refusal) return refusal;
  }
  return undefined;
}

function refusalOf(line: Line, goods: OnSale | undefined, available: bigint): Refusal | undefined {
  const metadata = { goods_id: String(line.goodsId) };
  if (!goods) return new Refusal(Reason.GOODS_NOT_FOUND, metadata);
  if (goods.status !== GoodsStatus.onSale) {
    return new Refusal(Reason.GOODS_NOT_ON_SALE, metadata);
  }
  if (goods.unitPriceCents !== line.unitPriceCents) {
    return new Refusal(Reason.GOODS_PRICE_CHANGED, {
      ...metadata,
      requested_unit_price_cents: String(line.unitPriceCents),
      unit_price_cents: String(goods.unitPriceCents),
    });
  }
  if (available < line.quantity) return stockNotEnough(line.goodsId, line.quantity, available);
  return undefined;
}

export function stockNotEnough(goodsId: bigint, requested: bigint, available: bigint): Refusal {
  return new Refusal(Reason.STOCK_NOT_ENOUGH, {
    goods_id: String(goodsId),
    requested: String(requested),
    available: String(available),
  });
}

function answerFrom(
  decision: Decision,
  { orderId, lines }: Reservation,
  taken: Units | undefined,
): Refusal | undefined {
  if (decision.state === OrderState.refused) return decision.refusal;
  if (decision.state === OrderState.released) {
    return new Refusal(Reason.ORDER_CLOSED, { order_id: String(orderId) });
  }
  const same =
    taken?.size === lines.length &&
    lines.every(({ goodsId, quantity }) => taken.get(goodsId) === quantity);
  if (same) return undefined;
  const description = "has reserved other lines before";
  return new Refusal(Reason.INVALID_ARGUMENT, {}, [{ field: "order_id", description }]);
}
