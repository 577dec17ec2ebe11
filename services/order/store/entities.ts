import { defineEntity, type InferEntity, p } from "@mikro-orm/mysql";
import type { CancelReason, OrderStatus, PayStatus, ShippingStatus } from "../domain/order.ts";
import type { StoredRefund } from "./refunds.ts";

/** For reads; rows are written by the statements of this folder. */
export const OrderEntity = defineEntity({
  name: "Order",
  tableName: "orders",
  properties: {
    orderId: p.bigint().primary(),
    userId: p.bigint(),
    orderStatus: p.smallint().$type<OrderStatus>(),
    payStatus: p.smallint().$type<PayStatus>(),
    shippingStatus: p.smallint().$type<ShippingStatus>(),
    version: p.integer(),
    consignee: p.string(),
    mobile: p.string(),
    addressText: p.string(),
    goodsAmountCents: p.bigint(),
    shippingFeeCents: p.bigint(),
    orderAmountCents: p.bigint(),
    couponId: p.bigint(),
    couponPaidCents: p.bigint(),
    balancePaidCents: p.bigint(),
    payAmountCents: p.bigint(),
    cancelReason: p.smallint().$type<CancelReason>(),
    failure: p.blob().strictNullable(),
    createTime: p.datetime(3),
    confirmTime: p.datetime(3).strictNullable(),
    payTime: p.datetime(3).strictNullable(),
    payDeadline: p.datetime(3).strictNullable(),
    shipTime: p.datetime(3).strictNullable(),
    closeTime: p.datetime(3).strictNullable(),
    trackingNumber: p.string(),
    paymentId: p.bigint(),
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
  },
});

export const OrderHistoryEntity = defineEntity({
  name: "OrderHistory",
  tableName: "order_history",
  properties: {
    orderId: p.bigint().primary(),
    version: p.integer().primary(),
    changeTime: p.datetime(3),
    orderStatus: p.smallint().$type<OrderStatus>(),
    payStatus: p.smallint().$type<PayStatus>(),
    shippingStatus: p.smallint().$type<ShippingStatus>(),
    actor: p.string(),
    cause: p.string(),
    detail: p.string(),
  },
});

export type OrderRow = InferEntity<typeof OrderEntity>;
export type OrderLineRow = InferEntity<typeof OrderLineEntity>;
export type OrderHistoryRow = InferEntity<typeof OrderHistoryEntity>;
/** An order with its parts, as every answer shows it. */
export type StoredOrder = OrderRow & { lines: OrderLineRow[]; refunds: StoredRefund[] };

export const entities = [OrderEntity, OrderLineEntity, OrderHistoryEntity];
