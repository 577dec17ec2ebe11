import { Reason, Refusal } from "#platform/values/refusal.ts";

/** Why stock moved. The numbers are those of shop.goods.v1.StockLogType and of the column. */
export const StockLogType = { ADJUST: 1, RESERVE: 2, RELEASE: 3, RETURN: 4 } as const;
export type StockLogType = (typeof StockLogType)[keyof typeof StockLogType];

/** One row of the stock log, and the change of `goods.stock` that it records. */
export type Movement = {
  goodsId: bigint;
  /** Null for an adjustment. */
  orderId: bigint | null;
  type: StockLogType;
  /** Signed. */
  delta: bigint;
  /** The item's stock once this movement is applied. */
  stockAfter: bigint;
  /** Only a return has one. */
  refundId?: bigint;
};

/** A row of the stock log as administrators read it. The refund is 0 unless a refund caused it. */
export type StockLogEntry = {
  logId: bigint;
  goodsId: bigint;
  orderId: bigint | null;
  type: StockLogType;
  delta: bigint;
  refundId: bigint;
  logTime: Date;
};

/** Quantities of one order by goods. */
export type Units = ReadonlyMap<bigint, bigint>;

/** Adds up the quantities of lines that name the same goods. */
export function unitsOf(
  lines: readonly { goodsId: bigint; quantity: bigint }[],
): Map<bigint, bigint> {
  const units = new Map<bigint, bigint>();
  for (const { goodsId, quantity } of lines) {
    units.set(goodsId, (units.get(goodsId) ?? 0n) + quantity);
  }
  return units;
}

/** The stock of each item, as a copy that the caller may change. */
export function stockOf(goods: ReadonlyMap<bigint, { stock: bigint }>): Map<bigint, bigint> {
  return new Map([...goods].map(([goodsId, { stock }]) => [goodsId, stock]));
}

export function stockNotEnough(goodsId: bigint, requested: bigint, available: bigint): Refusal {
  return new Refusal(Reason.STOCK_NOT_ENOUGH, {
    goods_id: String(goodsId),
    requested: String(requested),
    available: String(available),
  });
}

/** Adds units to the stock of an item and returns what it is then; changes `stock`. */
export function addToStock(
  stock: Map<bigint, bigint>,
  { goodsId, orderId, units }: { goodsId: bigint; orderId: bigint; units: bigint },
): bigint {
  const before = stock.get(goodsId);
  if (before === undefined) {
    throw new Error(`goods ${goodsId} do not exist, but order ${orderId} holds ${units} of them`);
  }
  const stockAfter = before + units;
  stock.set(goodsId, stockAfter);
  return stockAfter;
}
