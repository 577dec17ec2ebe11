import type { Refusal } from "#platform/values/refusal.ts";

/** Why stock moved. The numbers are those of StockLogType in goods.proto. */
export const MovementType = { adjust: 1, reserve: 2, release: 3, return: 4 } as const;
export type MovementType = (typeof MovementType)[keyof typeof MovementType];

/**
 * `delta` is signed, `stockAfter` is what the item has once it is applied; an adjustment is for no order, and only a
 * return has a refund.
 */
export type Movement = {
  goodsId: bigint;
  orderId: bigint | null;
  type: MovementType;
  delta: bigint;
  stockAfter: bigint;
  refundId?: bigint;
};

/**
 * held: the order has stock. released: the order is closed, or everything is back. refused: it got nothing and never
 * will. early: nothing is decided, but a refund is known already.
 */
export const OrderState = { held: 1, released: 2, refused: 3, early: 4 } as const;
export type OrderState = (typeof OrderState)[keyof typeof OrderState];

/** What was decided for an order, once and for ever; `refusal` stands exactly where the state is refused. */
export type Decision = { orderId: bigint; state: OrderState; refusal: Refusal | undefined };

export type Ledger = ReadonlyMap<bigint, Decision>;

/** Units by goods, of one order. */
export type Units = ReadonlyMap<bigint, bigint>;
