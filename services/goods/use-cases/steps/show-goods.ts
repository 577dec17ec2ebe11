import { type Availability, availabilityOf, etagOf, type Goods } from "../../domain/goods.ts";

/** Goods as an answer has them. */
export type ShownGoods = Goods & { etag: string; availability: Availability };

/** Shoppers see the availability, and 0 in place of the stock. */
export function showGoods(goods: Goods, seesStock: boolean): ShownGoods {
  const stock = seesStock ? goods.stock : 0n;
  return { ...goods, stock, etag: etagOf(goods), availability: availabilityOf(goods) };
}
