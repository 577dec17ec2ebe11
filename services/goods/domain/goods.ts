export const GoodsStatus = { onSale: 1, offShelf: 2 } as const;
export type GoodsStatus = (typeof GoodsStatus)[keyof typeof GoodsStatus];

/** An item of the catalogue. `stock` is what can still be ordered; the sku is the merchant's own code. */
export type Goods = {
  goodsId: bigint;
  sku: string | null;
  name: string;
  description: string;
  unitPriceCents: bigint;
  stock: bigint;
  status: GoodsStatus;
  imageUrl: string;
  createTime: Date;
  updateTime: Date;
};
