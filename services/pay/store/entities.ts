import { defineEntity, type InferEntity, p } from "@mikro-orm/mysql";
import type { LogType, PaymentStatus } from "../domain/payment.ts";

/** For reads. The statements of this folder write the rows. */
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
    providerTradeId: p.string().strictNullable(),
    checkoutUrl: p.string(),
    refundedCents: p.bigint(),
    createTime: p.datetime(3),
    payTime: p.datetime(3).strictNullable(),
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
    logTime: p.datetime(3),
  },
});

export type PaymentRow = InferEntity<typeof PaymentEntity>;
export type PaymentLogRow = InferEntity<typeof PaymentLogEntity>;

export const entities = [PaymentEntity, PaymentLogEntity];
