import type { RowDataPacket } from "mysql2/promise";
import { PayStatus } from "../../services/order/domain/order.ts";
import { RefundStatus } from "../../services/order/domain/refunds.ts";
import { balanceEntries, orderRefundEntries, paidOrderEntries } from "./journal.ts";
import type { Source } from "./source.ts";

const refundEntries = ({ spent_cents, shipping_cents }: RowDataPacket) =>
  orderRefundEntries({ spentCents: BigInt(spent_cents), shippingCents: BigInt(shipping_cents) });

/** What order and user have: revenue, what was given back of it, and balances. */
export const ORDER_SOURCES: readonly Source[] = [
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
      where r.status = ${RefundStatus.SUCCEEDED} and r.late_payment_id is null and r.reopens = 0`,
    entries: refundEntries,
  },
  {
    // A refund that reopened stays in the books since its first success, which the history has.
    item: "refund",
    time: "time",
    sql: ({ order }) => `select * from (
        select r.refund_id as id, r.order_id, min(h.change_time) as time, r.spent_cents,
          r.shipping_cents, o.currency_code as currency
        from ${order}.refunds r join ${order}.orders o on o.order_id = r.order_id
        join ${order}.order_history h on h.order_id = r.order_id and h.cause like 'pay.v1.refund%'
          and (h.detail = concat('refund ', r.refund_id)
            or h.detail like concat('refund ', r.refund_id, ':%'))
        where r.late_payment_id is null and r.reopens > 0
        group by r.refund_id, r.order_id, r.spent_cents, r.shipping_cents, o.currency_code
      ) returned where true`,
    entries: refundEntries,
  },
];
