import { defineEntity, p } from "@mikro-orm/mysql";
import { type RowOf, tableOf } from "#platform/db/tables.ts";
import type { CancelReason, OrderStatus, PayStatus, ShippingStatus } from "../domain/order.ts";
import type { RefundStatus } from "../domain/refunds.ts";

/** The database's time when the row is inserted. */
const NOW = "current_timestamp(3)";

export const OrderEntity = defineEntity({
  name: "Order",
  tableName: "orders",
  properties: {
    orderId: p.bigint().primary(),
    userId: p.bigint(),
    /** The key of the request, unique with `userId`. */
    requestId: p.string(),
    requestFingerprint: p.blob(),
    orderStatus: p.smallint().$type<OrderStatus>(),
    payStatus: p.smallint().$type<PayStatus>().default(1),
    shippingStatus: p.smallint().$type<ShippingStatus>().default(1),
    /** Grows by one with each transition. */
    version: p.integer().default(1),
    consignee: p.string(),
    mobile: p.string(),
    addressText: p.string(),
    goodsAmountCents: p.bigint(),
    shippingFeeCents: p.bigint(),
    orderAmountCents: p.bigint(),
    /** 0n for an order without a coupon. */
    couponId: p.bigint(),
    couponPaidCents: p.bigint().default(0),
    balanceCents: p.bigint().fieldName("balance_paid_cents"),
    payAmountCents: p.bigint().default(0),
    cancelReason: p.smallint().$type<CancelReason>().default(0),
    /** The refusal that a repetition of a failed request gets, encoded. */
    failure: p.blob().strictNullable(),
    createTime: p.datetime(3).defaultRaw(NOW),
    confirmTime: p.datetime(3).strictNullable(),
    payTime: p.datetime(3).strictNullable(),
    payDeadline: p.datetime(3).strictNullable(),
    shipTime: p.datetime(3).strictNullable(),
    closeTime: p.datetime(3).strictNullable(),
    trackingNumber: p.string().default(""),
    /** 0n while unpaid, and for an order that coupon and balance cover. */
    paymentId: p.bigint().default(0),
    /** When an unpaid order is looked at next: its payment deadline, later after each try. */
    expiryTime: p.datetime(3).strictNullable(),
    /** When a shipped order completes without the shopper; null leaves it to the shopper. */
    completeAfter: p.datetime(3).strictNullable(),
    /** The currency and the points for each full unit that the order was placed with. */
    currencyCode: p.string().default(""),
    /** Null for an order older than the column. */
    pointsPerUnit: p.bigint().strictNullable(),
  },
});

export const OrderLineEntity = defineEntity({
  name: "OrderLine",
  tableName: "order_lines",
  properties: {
    orderId: p.bigint().primary(),
    lineNumber: p.integer().primary(),
    goodsId: p.bigint(),
    quantity: p.bigint(),
    unitPriceCents: p.bigint(),
    /** As sold. Set by the confirmation. */
    name: p.string().default(""),
    sku: p.string().default(""),
  },
});

export const OrderHistoryEntity = defineEntity({
  name: "OrderHistory",
  tableName: "order_history",
  properties: {
    orderId: p.bigint().primary(),
    version: p.integer().primary(),
    changeTime: p.datetime(3).defaultRaw(NOW),
    orderStatus: p.smallint().$type<OrderStatus>(),
    payStatus: p.smallint().$type<PayStatus>(),
    shippingStatus: p.smallint().$type<ShippingStatus>(),
    actor: p.string(),
    cause: p.string(),
    detail: p.string(),
  },
});

const RefundEntity = defineEntity({
  name: "Refund",
  tableName: "refunds",
  properties: {
    refundId: p.bigint().primary(),
    orderId: p.bigint(),
    requestId: p.string().strictNullable(),
    requestFingerprint: p.blob().strictNullable(),
    /** The payment of a refund without goods, which came in when the order did not need it. */
    latePaymentId: p.bigint().strictNullable(),
    /** The payment that gives money back; 0n for a refund to the balance alone. */
    paymentId: p.bigint(),
    status: p.smallint().$type<RefundStatus>(),
    payAmountCents: p.bigint(),
    balanceCents: p.bigint(),
    shippingCents: p.bigint(),
    spentCents: p.bigint(),
    whole: p.smallint().$type<0 | 1>(),
    note: p.string(),
    /** 1 if the goods stay out of the stock. */
    keepStock: p.smallint().$type<0 | 1>().default(0),
    /** The part without goods. */
    goodwillCents: p.bigint().default(0),
    /** How often the provider took a success back. */
    reopens: p.integer().default(0),
    /**
     * What the refund took points back for. Null before its first success, and for a refund that an
     * earlier release finished: spentCents.
     */
    pointsBaseCents: p.bigint().strictNullable(),
    createTime: p.datetime(3).defaultRaw(NOW),
    finishTime: p.datetime(3).strictNullable(),
  },
});

const RefundLineEntity = defineEntity({
  name: "RefundLine",
  tableName: "refund_lines",
  properties: {
    refundId: p.bigint().primary(),
    goodsId: p.bigint().primary(),
    orderId: p.bigint(),
    quantity: p.bigint(),
    unitPriceCents: p.bigint(),
  },
});

export const entities = [
  OrderEntity,
  OrderLineEntity,
  OrderHistoryEntity,
  RefundEntity,
  RefundLineEntity,
];

export const ORDERS = tableOf(OrderEntity);
export const ORDER_LINES = tableOf(OrderLineEntity);
export const ORDER_HISTORY = tableOf(OrderHistoryEntity);
export const REFUNDS = tableOf(RefundEntity);
export const REFUND_LINES = tableOf(RefundLineEntity);

/** Columns that only the store reads. */
export const INTERNAL = ["requestId", "requestFingerprint", "expiryTime", "completeAfter"] as const;

export type OrderRow = Omit<RowOf<typeof ORDERS>, (typeof INTERNAL)[number]>;
export type OrderHistoryRow = RowOf<typeof ORDER_HISTORY>;
