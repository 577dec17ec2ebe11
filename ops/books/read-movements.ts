import type { Connection, RowDataPacket } from "mysql2/promise";
import type { ServiceName } from "#proto/services.ts";
import { PayStatus } from "../../services/order/domain/order.ts";
import { RefundStatus as OrderRefundStatus } from "../../services/order/domain/refunds.ts";
import { PaymentStatus } from "../../services/pay/domain/payment.ts";
import { RefundStatus } from "../../services/pay/domain/refund.ts";
import {
  balanceEntries,
  type Entry,
  type Movement,
  orderRefundEntries,
  paidOrderEntries,
  paymentEntries,
  providerRefundEntries,
} from "./journal.ts";

type Row = RowDataPacket;

/** The schemas, the currency of balances and of rows older than their currency, and the period. */
export type Books = {
  connection: Connection;
  schemas: Record<ServiceName, string>;
  currency: string;
  /** The end is exclusive. */
  period: { from: Date; to: Date };
};

/** All movements of the period, in the order of their times. */
export async function readMovements(books: Books): Promise<Movement[]> {
  const all: Movement[] = [];
  for (const source of SOURCES) {
    const { sql, time, item, entries } = source;
    const { from, to } = books.period;
    const [rows] = await books.connection.query<Row[]>(
      `${sql(books.schemas)} and ${time} >= ? and ${time} < ?`,
      [from, to],
    );
    for (const row of rows) {
      const about = {
        time: row.time as Date,
        item: `${item} ${row.id}`,
        orderId: row.order_id === null ? null : BigInt(row.order_id),
        currency: row.currency || books.currency,
      };
      all.push(...entries(row).map((entry) => ({ ...about, ...entry })));
    }
  }
  return all.sort((a, b) => a.time.getTime() - b.time.getTime());
}

/** Rows of one kind. `sql` ends with a condition; `time` is the column by which they count. */
type Source = {
  item: string;
  time: string;
  sql(schemas: Record<ServiceName, string>): string;
  entries(row: Row): Entry[];
};

const { SUCCEEDED, PARTIALLY_REFUNDED, REFUNDED } = PaymentStatus;

const SOURCES: readonly Source[] = [
  {
    item: "payment",
    time: "pay_time",
    sql: ({ pay }) => `select payment_id as id, order_id, pay_time as time, provider, amount_cents,
        currency
      from ${pay}.payments where status in (${SUCCEEDED}, ${PARTIALLY_REFUNDED}, ${REFUNDED})`,
    entries: ({ provider, amount_cents }) =>
      paymentEntries({ provider, amountCents: BigInt(amount_cents) }),
  },
  {
    item: "refund at the provider",
    time: "r.finish_time",
    sql: ({ pay }) => `select r.refund_id as id, r.order_id, r.finish_time as time, p.provider,
        r.amount_cents, p.currency
      from ${pay}.refunds r join ${pay}.payments p on p.payment_id = r.payment_id
      where r.status = ${RefundStatus.SUCCEEDED}`,
    entries: ({ provider, amount_cents }) =>
      providerRefundEntries({ provider, amountCents: BigInt(amount_cents), cameBack: false }),
  },
  {
    item: "balance log",
    time: "log_time",
    sql: ({ user }) => `select log_id as id, order_id, log_time as time, type, amount_cents,
        '' as currency
      from ${user}.balance_log where true`,
    entries: ({ type, amount_cents }) =>
      balanceEntries({ type, amountCents: BigInt(amount_cents) }),
  },
  {
    item: "order",
    time: "pay_time",
    sql: ({ order }) => `select order_id as id, order_id, pay_time as time, goods_amount_cents,
        shipping_fee_cents, coupon_paid_cents, currency_code as currency
      from ${order}.orders where pay_status <> ${PayStatus.UNPAID}`,
    entries: (row) =>
      paidOrderEntries({
        goodsAmountCents: BigInt(row.goods_amount_cents),
        shippingFeeCents: BigInt(row.shipping_fee_cents),
        couponPaidCents: BigInt(row.coupon_paid_cents),
      }),
  },
  {
    item: "refund",
    time: "r.finish_time",
    // The refund of a late payment moves no revenue: its money was a deposit until then.
    sql: ({ order }) => `select r.refund_id as id, r.order_id, r.finish_time as time, r.spent_cents,
        r.shipping_cents, o.currency_code as currency
      from ${order}.refunds r join ${order}.orders o on o.order_id = r.order_id
      where r.status = ${OrderRefundStatus.SUCCEEDED} and r.late_payment_id is null`,
    entries: ({ spent_cents, shipping_cents }) =>
      orderRefundEntries({
        spentCents: BigInt(spent_cents),
        shippingCents: BigInt(shipping_cents),
      }),
  },
];
