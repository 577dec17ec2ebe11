import { ParticipantState } from "#platform/values/participant.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { type Goods, GoodsStatus } from "./goods.ts";
import { giveBack, type Refund } from "./refund.ts";
import type { Line, Reservation, ReservationRequest } from "./reservation.ts";
import { type Movement, StockLogType, stockNotEnough, stockOf } from "./stock.ts";

/** What a reservation needs to know of an item. */
export type OnSale = Pick<Goods, "status" | "unitPriceCents" | "stock">;

/**
 * Decides requests of orders without a decision, in the order given: if two want the last unit, the
 * first gets it. An order gets all its lines or none, and its refusal affects no other order.
 *
 * `goods` has the items that exist, as locked. `early` has, by order, the refunds that arrived
 * before the request; they take back at once what they would have taken back afterwards.
 */
export function decideReservations(
  requests: readonly ReservationRequest[],
  {
    goods,
    early,
  }: {
    goods: ReadonlyMap<bigint, OnSale>;
    early: ReadonlyMap<bigint, readonly Refund[]>;
  },
): { reservations: Reservation[]; movements: Movement[] } {
  const stock = stockOf(goods);
  const movements: Movement[] = [];
  const reservations = requests.map((request): Reservation => {
    const { orderId } = request;
    const refusal = firstRefusal(request.lines, goods, stock);
    if (refusal) return { orderId, state: ParticipantState.REFUSED, refusal };
    const held = new Map<bigint, bigint>();
    movements.push(...take(request, held, stock));
    for (const refund of early.get(orderId) ?? []) movements.push(...giveBack(refund, held, stock));
    const state = held.size > 0 ? ParticipantState.HELD : ParticipantState.RELEASED;
    return { orderId, state, refusal: undefined };
  });
  return { reservations, movements };
}

/** Moves the lines of an order from `stock` to `held`; changes both. */
function take(
  { orderId, lines }: ReservationRequest,
  held: Map<bigint, bigint>,
  stock: Map<bigint, bigint>,
): Movement[] {
  return lines.map(({ goodsId, quantity }) => {
    const stockAfter = (stock.get(goodsId) ?? 0n) - quantity;
    stock.set(goodsId, stockAfter);
    held.set(goodsId, quantity);
    return { goodsId, orderId, type: StockLogType.RESERVE, delta: -quantity, stockAfter };
  });
}

function firstRefusal(
  lines: readonly Line[],
  known: ReadonlyMap<bigint, OnSale>,
  stock: ReadonlyMap<bigint, bigint>,
): Refusal | undefined {
  for (const line of lines) {
    const refusal = refusalOf(line, known.get(line.goodsId), stock.get(line.goodsId) ?? 0n);
    if (refusal) return refusal;
  }
  return undefined;
}

function refusalOf(line: Line, goods: OnSale | undefined, available: bigint): Refusal | undefined {
  const metadata = { goods_id: String(line.goodsId) };
  if (!goods) return new Refusal(Reason.GOODS_NOT_FOUND, metadata);
  if (goods.status !== GoodsStatus.ON_SALE) return new Refusal(Reason.GOODS_NOT_ON_SALE, metadata);
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
