import { fingerprint } from "#platform/values/fingerprint.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";

/** The numbers are those of shop.goods.v1.GoodsStatus and of the column. */
export const GoodsStatus = { ON_SALE: 1, OFF_SHELF: 2 } as const;
export type GoodsStatus = (typeof GoodsStatus)[keyof typeof GoodsStatus];

/** What an order keeps of an item: how it was called when it was sold. */
export type SoldGoods = Pick<Goods, "goodsId" | "name" | "sku">;

/** An item of the catalogue. */
export type Goods = {
  goodsId: bigint;
  /** The merchant's own code. */
  sku: string | null;
  name: string;
  description: string;
  unitPriceCents: bigint;
  /** Units that can still be ordered. */
  stock: bigint;
  status: GoodsStatus;
  imageUrl: string;
  createTime: Date;
  updateTime: Date;
};

/** What shoppers learn of the stock. The numbers are those of shop.goods.v1.Availability. */
export const Availability = { UNSPECIFIED: 0, IN_STOCK: 1, LOW: 2, OUT_OF_STOCK: 3 } as const;
export type Availability = (typeof Availability)[keyof typeof Availability];

/** Units up to which goods are low. */
const LOW_STOCK = 10n;

/** The availability of goods on sale; unspecified for goods off the shelf, which have none. */
export function availabilityOf({ status, stock }: Pick<Goods, "status" | "stock">): Availability {
  if (status !== GoodsStatus.ON_SALE) return Availability.UNSPECIFIED;
  if (stock > LOW_STOCK) return Availability.IN_STOCK;
  return stock > 0n ? Availability.LOW : Availability.OUT_OF_STOCK;
}

/** The fields that UpdateGoods can change. */
export type Details = Pick<
  Goods,
  "name" | "description" | "unitPriceCents" | "status" | "imageUrl"
>;

/**
 * Identifies the contents of the fields that UpdateGoods can change. Movements of stock, which
 * happen all the time, leave it as it is.
 */
export function etagOf(goods: Details & { goodsId: bigint }): string {
  const { goodsId, name, description, unitPriceCents, status, imageUrl } = goods;
  const contents = fingerprint([goodsId, name, description, unitPriceCents, status, imageUrl]);
  return contents.subarray(0, 12).toString("base64url");
}

/** Throws Refusal(ETAG_MISMATCH) if the goods have changed since the caller read `etag`. */
export function checkEtag(goods: Details & { goodsId: bigint }, etag: string): void {
  const current = etagOf(goods);
  if (etag === "" || etag === current) return;
  throw new Refusal(Reason.ETAG_MISMATCH, { goods_id: String(goods.goodsId), etag: current });
}
