import { defineEntity, p } from "@mikro-orm/mysql";
import { type RowOf, tableOf } from "#platform/db/tables.ts";
import type { DisputeStatus } from "../domain/dispute.ts";
import type { LogType, PaymentStatus } from "../domain/payment.ts";
import type { ForeignRefundStatus, RefundStatus } from "../domain/refund.ts";
import type { VerdictKind } from "../domain/verdict.ts";

/** The database's time when the row is inserted. */
const NOW = "current_timestamp(3)";

/** Where a notice came from: a callback, or the provider's answer to a query. */
export const Source = { CALLBACK: 1, QUERY: 2 } as const;
export type Source = (typeof Source)[keyof typeof Source];

export const PaymentEntity = defineEntity({
  name: "Payment",
  tableName: "payments",
  properties: {
    paymentId: p.bigint().primary(),
    orderId: p.bigint(),
    userId: p.bigint(),
    provider: p.string(),
    status: p.smallint().$type<PaymentStatus>(),
    amountCents: p.bigint(),
    currency: p.string(),
    returnUrl: p.string(),
    /** The provider's number; null until the provider has sent it. */
    tradeId: p.string().fieldName("provider_trade_id").strictNullable(),
    /** JSON of the provider's own numbers by name; null while there are none. */
    providerReferences: p.text().strictNullable(),
    /** Where the shopper pays; "" until the payment is opened, or if `checkoutAction` says how. */
    checkoutUrl: p.string().default(""),
    /** JSON of a CheckoutAction that is not a redirect. */
    checkoutAction: p.text().strictNullable(),
    refundRequestedCents: p.bigint().default(0),
    refundedCents: p.bigint().default(0),
    /** No refund is sent to the provider before it. */
    refundAfter: p.datetime(3).strictNullable(),
    /** 1: the payment is to be closed at its provider. */
    closing: p.smallint().$type<0 | 1>().default(0),
    /** Number of queries so far. */
    checks: p.integer().default(0),
    /** When an open payment is queried next. */
    nextCheck: p.datetime(3),
    createTime: p.datetime(3).defaultRaw(NOW),
    /** Until then the shopper may pay; null in rows of a release that had no such column. */
    expireTime: p.datetime(3).strictNullable(),
    payTime: p.datetime(3).strictNullable(),
    closeTime: p.datetime(3).strictNullable(),
  },
});

export const PaymentLogEntity = defineEntity({
  name: "PaymentLog",
  tableName: "payment_log",
  properties: {
    logId: p.bigint().primary(),
    paymentId: p.bigint(),
    type: p.smallint().$type<LogType>(),
    detail: p.string(),
    logTime: p.datetime(3).defaultRaw(NOW),
  },
});

/** The row that is locked while a payment of the order is started or closed. */
const PayableOrderEntity = defineEntity({
  name: "PayableOrder",
  tableName: "payable_orders",
  properties: {
    orderId: p.bigint().primary(),
    /** Since then the order accepts no new payment. */
    closedTime: p.datetime(3).strictNullable(),
  },
});

const CallbackEntity = defineEntity({
  name: "Callback",
  tableName: "callbacks",
  properties: {
    callbackId: p.bigint().primary(),
    provider: p.string(),
    source: p.smallint().$type<Source>(),
    /** Null if the callback is not verified. */
    noticeId: p.string().strictNullable(),
    paymentId: p.bigint().strictNullable(),
    verdict: p.smallint().$type<VerdictKind>(),
    /** "" unless it is refused; `reason` is then 0. */
    cause: p.string(),
    reason: p.integer(),
    /** JSON of an object. */
    headers: p.text(),
    body: p.blob(),
    /** Repetitions of the notice since `receiveTime`. */
    repeats: p.integer().default(0),
    firstTime: p.datetime(3).defaultRaw(NOW),
    /** When headers and body arrived. */
    receiveTime: p.datetime(3).defaultRaw(NOW),
    lastTime: p.datetime(3).defaultRaw(NOW),
  },
});

const RefundEntity = defineEntity({
  name: "Refund",
  tableName: "refunds",
  properties: {
    refundId: p.bigint().primary(),
    paymentId: p.bigint(),
    orderId: p.bigint(),
    amountCents: p.bigint(),
    status: p.smallint().$type<RefundStatus>(),
    /** The provider's cause of the latest refusal; "" if there is none. */
    failure: p.string().default(""),
    /** Part of the refund's number at the provider. A refused number stays refused. */
    attempt: p.integer().default(1),
    /** The highest attempt whose number the provider may know; 0 before the first request. */
    sentAttempt: p.integer().default(0),
    /** The provider's own number of the refund. */
    reference: p.string().strictNullable(),
    /** How often the provider took a success back. */
    reopens: p.integer().default(0),
    /** Number of requests to the provider, since the status is what it is. */
    tries: p.integer().default(0),
    nextTry: p.datetime(3),
    createTime: p.datetime(3).defaultRaw(NOW),
    finishTime: p.datetime(3).strictNullable(),
  },
});

/** A refund of one of the shop's payments that the shop did not request. */
const ForeignRefundEntity = defineEntity({
  name: "ForeignRefund",
  tableName: "foreign_refunds",
  properties: {
    provider: p.string().primary(),
    /** The provider's number of the refund. */
    foreignId: p.string().primary(),
    paymentId: p.bigint(),
    status: p.smallint().$type<ForeignRefundStatus>(),
    /** Null if the provider states only the sum of all refunds. */
    amountCents: p.bigint().strictNullable(),
    currency: p.string(),
    createTime: p.datetime(3).defaultRaw(NOW),
    finishTime: p.datetime(3).strictNullable(),
  },
});

const DisputeEntity = defineEntity({
  name: "Dispute",
  tableName: "disputes",
  properties: {
    provider: p.string().primary(),
    disputeId: p.string().primary(),
    paymentId: p.bigint(),
    status: p.smallint().$type<DisputeStatus>(),
    amountCents: p.bigint(),
    currency: p.string(),
    /** Null until the provider has taken the money, and its fee, from the shop. */
    withdrawnCents: p.bigint().strictNullable(),
    withdrawnFeeCents: p.bigint().strictNullable(),
    withdrawnTime: p.datetime(3).strictNullable(),
    /** Null until the provider has given the money back. */
    reinstatedCents: p.bigint().strictNullable(),
    reinstatedFeeCents: p.bigint().strictNullable(),
    reinstatedTime: p.datetime(3).strictNullable(),
    createTime: p.datetime(3).defaultRaw(NOW),
    closeTime: p.datetime(3).strictNullable(),
  },
});

export const entities = [
  PaymentEntity,
  PaymentLogEntity,
  PayableOrderEntity,
  CallbackEntity,
  RefundEntity,
  ForeignRefundEntity,
  DisputeEntity,
];

export const PAYMENTS = tableOf(PaymentEntity);
export const PAYMENT_LOG = tableOf(PaymentLogEntity);
export const PAYABLE_ORDERS = tableOf(PayableOrderEntity);
export const CALLBACKS = tableOf(CallbackEntity);
export const REFUNDS = tableOf(RefundEntity);
export const FOREIGN_REFUNDS = tableOf(ForeignRefundEntity);
export const DISPUTES = tableOf(DisputeEntity);

/** Columns that no answer shows. */
export const INTERNAL = [
  "returnUrl",
  "providerReferences",
  "refundRequestedCents",
  "refundAfter",
  "closing",
  "checks",
  "nextCheck",
  "closeTime",
] as const;

export type PaymentRow = Omit<RowOf<typeof PAYMENTS>, (typeof INTERNAL)[number]>;
export type PaymentLogRow = RowOf<typeof PAYMENT_LOG>;
