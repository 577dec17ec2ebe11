/**
 * What an order is, as plain data. The numbers are those of shop.order.v1, and rows and messages
 * hold them.
 */

export const OrderStatus = {
  PENDING: 1,
  CONFIRMED: 2,
  CANCELLED: 3,
  COMPLETED: 4,
  REFUNDED: 5,
} as const;
export type OrderStatus = (typeof OrderStatus)[keyof typeof OrderStatus];

export const PayStatus = {
  UNPAID: 1,
  PAID: 2,
  REFUNDING: 3,
  PARTIALLY_REFUNDED: 4,
  REFUNDED: 5,
} as const;
export type PayStatus = (typeof PayStatus)[keyof typeof PayStatus];

export const ShippingStatus = { NOT_SHIPPED: 1, SHIPPED: 2, RECEIVED: 3 } as const;
export type ShippingStatus = (typeof ShippingStatus)[keyof typeof ShippingStatus];

export const CancelReason = {
  NONE: 0,
  PLACE_FAILED: 1,
  BY_USER: 2,
  PAYMENT_TIMEOUT: 3,
  ABANDONED: 4,
  BY_ADMIN: 5,
} as const;
export type CancelReason = (typeof CancelReason)[keyof typeof CancelReason];

/** What an order keeps of the settings that it was placed with. */
export type KeptSettings = {
  /** ISO 4217; empty for an order older than the field. */
  currencyCode: string;
  /** Points for each full unit of the currency; null for an order older than the field. */
  pointsPerUnit: bigint | null;
};

export type OrderLine = { goodsId: bigint; quantity: bigint; unitPriceCents: bigint };

/** How an item was called when it was sold. Both are empty for orders older than the fields. */
export type Sold = { name: string; sku: string };
export type SoldLine = OrderLine & Sold;

/** The services that may hold something for an order: stock, a coupon, balance. */
export type Holder = "goods" | "coupon" | "user";
/** The services that consume a cancellation; pay closes the payments that are still open. */
export type CancellationConsumer = Holder | "pay";

/** Every service that may hold something for the order, for when it is unknown which ones do. */
export function possibleHolders(order: { couponId: bigint; balanceCents: bigint }): Holder[] {
  const holders: Holder[] = ["goods"];
  if (order.couponId !== 0n) holders.push("coupon");
  if (order.balanceCents > 0n) holders.push("user");
  return holders;
}
