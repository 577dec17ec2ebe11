import { ParticipantState } from "#platform/values/participant.ts";
import type { Reservation } from "./reservation.ts";
import { addToStock, type Movement, StockLogType, stockOf, type Units } from "./stock.ts";

/**
 * Gives back what held reservations still hold. `held` has that by order, from the stock log, and
 * `goods` the items in it, as locked.
 */
export function releaseMovements(
  reservations: readonly Reservation[],
  {
    held,
    goods,
  }: {
    held: ReadonlyMap<bigint, Units>;
    goods: ReadonlyMap<bigint, { stock: bigint }>;
  },
): Movement[] {
  const stock = stockOf(goods);
  return reservations
    .filter(({ state }) => state === ParticipantState.HELD)
    .flatMap(({ orderId }) =>
      [...(held.get(orderId) ?? [])].map(([goodsId, units]) => ({
        goodsId,
        orderId,
        type: StockLogType.RELEASE,
        delta: units,
        stockAfter: addToStock(stock, { goodsId, orderId, units }),
      })),
    );
}
