import { historyRules } from "./order-history.ts";
import { refundRules } from "./order-refunds.ts";
import { type Group, KEPT, type Rule } from "./rule.ts";

/** Amounts follow from the lines, fields fit the state, and no state lasts too long. */
const orderRowRules: readonly Rule[] = [
  {
    name: "amounts-add-up",
    says: "the goods amount is the sum of the lines, the order amount adds shipping, and the rest after coupon and balance is to be paid",
    sql: ({ order }) => `select concat('order ', o.order_id) as item, o.order_id as orderId,
        o.goods_amount_cents as goods, coalesce(l.amount, 0) as lineSum, o.order_amount_cents as amount,
        o.pay_amount_cents as left_
      from ${order}.orders o left join (
        select order_id, sum(cast(quantity as decimal(40)) * unit_price_cents) as amount
        from ${order}.order_lines group by order_id
      ) l on l.order_id = o.order_id
      where coalesce(l.amount, 0) <> o.goods_amount_cents
        or o.order_amount_cents <> o.goods_amount_cents + o.shipping_fee_cents
        or (o.order_status in ${KEPT} and (o.pay_amount_cents < 0 or o.pay_amount_cents <>
          o.order_amount_cents - o.coupon_paid_cents - o.balance_paid_cents))`,
    describe: ({ goods, lineSum, amount, left_ }) =>
      `has lines of ${lineSum} cents, a goods amount of ${goods}, an order amount of ${amount} and ${left_} to pay`,
  },
  {
    name: "parts-have-their-whole",
    says: "lines, history and refunds belong to an order, and refunded lines to a refund",
    sql: ({ order }) =>
      ["order_lines", "order_history", "refunds", "refund_lines"]
        .map(
          (table) => `select distinct concat('order ', t.order_id, ', ${table}') as item,
            t.order_id as orderId from ${order}.${table} t
            left join ${order}.orders o on o.order_id = t.order_id where o.order_id is null`,
        )
        .concat(`select distinct concat('refund ', t.refund_id, ', refund_lines'), t.order_id
          from ${order}.refund_lines t left join ${order}.refunds r
            on r.refund_id = t.refund_id and r.order_id = t.order_id where r.refund_id is null`)
        .join(" union all "),
    describe: () => "has rows without the row that they belong to",
  },
  {
    name: "fields-fit-the-state",
    says: "an order has exactly the times and the reason that belong to its state",
    sql: ({ order }) => `select concat('order ', order_id) as item, order_id as orderId,
        order_status as orderStatus, pay_status as payStatus, shipping_status as shippingStatus
      from ${order}.orders where (cancel_reason <> 0) <> (order_status = 3)
        or (pay_time is null) <> (pay_status = 1) or (ship_time is null) <> (shipping_status = 1)
        or (pay_status = 5 and order_status <> 5) or (order_status = 5 and pay_status not in (3, 5))
        or (order_status in ${KEPT} and confirm_time is null)
        or (order_status = 1 and confirm_time is not null)`,
    describe: ({ orderStatus, payStatus, shippingStatus }) =>
      `is in state ${orderStatus}/${payStatus}/${shippingStatus}, but has times or a reason of another`,
  },
  {
    name: "pending-ends-in-time",
    says: "no order stays pending after recovery should have ended it",
    always: true,
    sql: ({ order, abandonedAfterSeconds, settleSeconds }) => `select
        concat('order ', order_id) as item, order_id as orderId, create_time as since
      from ${order}.orders where order_status = 1
        and create_time < now(3) - interval ${abandonedAfterSeconds + settleSeconds} second`,
    describe: ({ since }) => `has been pending since ${timeOf(since)}`,
  },
  {
    name: "unpaid-ends-in-time",
    says: "an unpaid order past its deadline is being cancelled",
    always: true,
    sql: ({ order, settleSeconds }) => `select concat('order ', order_id) as item,
        order_id as orderId, pay_deadline as deadline
      from ${order}.orders where order_status = 2 and pay_status = 1
        and pay_deadline < now(3) - interval ${settleSeconds} second
        and coalesce(expiry_time, pay_deadline) < now(3) - interval ${settleSeconds} second`,
    describe: ({ deadline }) =>
      `had to be paid by ${timeOf(deadline)}, and no timer is set to cancel it`,
  },
  {
    name: "shipped-completes-in-time",
    says: "a shipped order past its time to complete is completed",
    always: true,
    sql: ({ order, settleSeconds }) => `select concat('order ', order_id) as item,
        order_id as orderId, complete_after as completes
      from ${order}.orders where order_status = 2 and shipping_status = 2
        and complete_after < now(3) - interval ${settleSeconds} second`,
    describe: ({ completes }) => `had to complete at ${timeOf(completes)}, and did not`,
  },
];

const timeOf = (value: unknown) => (value instanceof Date ? value.toISOString() : String(value));

export const orderRules: Group = {
  name: "orders",
  rules: [...orderRowRules, ...historyRules, ...refundRules],
};
