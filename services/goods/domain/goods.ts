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
