import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Coupon, IssueCouponRequestSchema } from "#proto/shop/coupon/v1/coupon_pb.ts";
import type { CreateGoodsRequestSchema, Goods } from "#proto/shop/goods/v1/goods_pb.ts";
import type { Caller } from "../calls/callers.ts";
import type { Shop } from "../shop/shop.ts";
import { insertGoodsRows, insertUserRows } from "./rows.ts";

export type Shopper = { userId: bigint; calls: Caller };
/** The fields of a PlaceOrderRequest; a field that is not set is 0. */
export type PlaceRequest = {
  requestId: string;
  userId: bigint;
  lines: { goodsId: bigint; quantity: bigint; unitPriceCents: bigint }[];
  address: { consignee: string; mobile: string; text: string };
  shippingFeeCents: bigint;
  orderAmountCents: bigint;
  couponId?: bigint;
  balanceCents?: bigint;
};

/** A unique key, or a unique part of a name. */
export const newKey = (): string => randomBytes(8).toString("hex");

/** An id in the form of a snowflake that belongs to nothing: 62 random bits. */
export const newId = (): bigint => (randomBytes(8).readBigUInt64BE() >> 2n) | 1n;

/**
 * The password of inserted users. Its Argon2id hash is precomputed: hashing for each of many users
 * would take most of a test's time.
 */
export const KNOWN_PASSWORD = "correct horse battery staple";
const KNOWN_HASH =
  "$argon2id$v=19$m=19456,t=2,p=1$rE67PYaurPpZpAIN+rJCZQ$e7ZhjVKRzMrFPRN6Cx/HwFbrW+3tr4Su8QBziuJjzsQ";

/** Inserts users without the service, which is fast for any number of them. */
export async function insertUsers(shop: Shop, count: number): Promise<bigint[]> {
  const userIds = Array.from({ length: count }, newId);
  await insertUserRows(shop.sql, userIds, KNOWN_HASH);
  return userIds;
}

export async function newShopper(
  shop: Shop,
  { balanceCents = 0n }: { balanceCents?: bigint } = {},
): Promise<Shopper> {
  const [userId = 0n] = await insertUsers(shop, 1);
  if (balanceCents > 0n) {
    const topUp = { requestId: newKey(), userId, amountCents: balanceCents };
    await shop.admin.user.topUpBalance(topUp);
  }
  return { userId, calls: shop.user(userId) };
}

/** Creates goods, by default 1,000 pieces at 5.00. */
export async function newGoods(
  shop: Shop,
  fields: MessageInitShape<typeof CreateGoodsRequestSchema> = {},
): Promise<Goods> {
  const { goods } = await shop.admin.goods.createGoods({
    requestId: newKey(),
    name: "Lantern",
    unitPriceCents: 500n,
    stock: 1_000n,
    ...fields,
  });
  assert.ok(goods);
  return goods;
}

/**
 * Inserts goods without the service: 100 pieces of each at 5.00, with the log of their opening
 * stock.
 */
export async function insertGoods(
  shop: Shop,
  count: number,
): Promise<Pick<Goods, "goodsId" | "unitPriceCents">[]> {
  const [unitPriceCents, stock] = [500n, 100n];
  const goods = Array.from({ length: count }, () => ({ goodsId: newId(), unitPriceCents, stock }));
  await insertGoodsRows(shop.sql, goods, { name: "Bead", logIdOf: newId });
  return goods.map(({ goodsId }) => ({ goodsId, unitPriceCents }));
}

/** Issues a coupon, by default of 1.00 off without an end of validity. */
export async function newCoupon(
  shop: Shop,
  userId: bigint,
  fields: Partial<MessageInitShape<typeof IssueCouponRequestSchema>> = {},
): Promise<Coupon> {
  const { coupon } = await shop.admin.coupon.issueCoupon({
    requestId: newKey(),
    userId,
    discount: amountOff(100n),
    ...fields,
  } as MessageInitShape<typeof IssueCouponRequestSchema>);
  assert.ok(coupon);
  return coupon;
}

type Bounds = { minimumGoodsAmountCents?: bigint; maximumOffCents?: bigint };

export const amountOff = (cents: bigint, bounds: Bounds = {}) => {
  return { kind: { case: "amountOffCents" as const, value: cents }, ...bounds };
};
export const percentOff = (basisPoints: number, bounds: Bounds = {}) => {
  return { kind: { case: "basisPointsOff" as const, value: basisPoints }, ...bounds };
};

/** The shipping rule of the default settings. */
export const SHIPPING = { freeFromCents: 10_000n, feeCents: 1_000n };

export const ADDRESS = {
  consignee: "Ada Lovelace",
  mobile: "+44 20 7946 0000",
  text: "12 St James's Square\nLondon",
};

/** A request with correct amounts; `fields` replace what they name. */
export function placeRequest(
  order: {
    userId: bigint;
    lines: [goods: Pick<Goods, "goodsId" | "unitPriceCents">, quantity: bigint][];
  },
  fields: Partial<PlaceRequest> = {},
): PlaceRequest {
  const lines = order.lines.map(([{ goodsId, unitPriceCents }, quantity]) => {
    return { goodsId, quantity, unitPriceCents };
  });
  const goodsAmountCents = lines.reduce((sum, l) => sum + l.quantity * l.unitPriceCents, 0n);
  const shippingFeeCents = goodsAmountCents >= SHIPPING.freeFromCents ? 0n : SHIPPING.feeCents;
  return {
    requestId: newKey(),
    userId: order.userId,
    lines,
    address: ADDRESS,
    shippingFeeCents,
    orderAmountCents: goodsAmountCents + shippingFeeCents,
    ...fields,
  };
}
