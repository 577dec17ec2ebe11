import {
  allows,
  applyTransition,
  type OrderState,
  TRANSITIONS,
  type Transition,
} from "../../services/order/domain/order-state.ts";
import { DONE, type Group, KEPT } from "./rule.ts";

/** Pending, unpaid, not shipped. */
const FIRST_STATE = "(1, 1, 1)";

/** Amounts follow from the lines, and every transition is in the history. */
export const orderRules: Group = {
  name: "orders",
  rules: [
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
          or (pay_status = 5) <> (order_status = 5)
          or (order_status in ${KEPT} and confirm_time is null)
          or (order_status = 1 and confirm_time is not null)`,
      describe: ({ orderStatus, payStatus, shippingStatus }) =>
        `is in state ${orderStatus}/${payStatus}/${shippingStatus}, but has times or a reason of another`,
    },
    {
      name: "history-has-every-version",
      says: "the history of an order has every version from 1 on and ends in the state of the order",
      sql: ({
        order,
      }) => `select concat('order ', o.order_id) as item, o.order_id as orderId, o.version,
          coalesce(h.n, 0) as n, last.order_status as orderStatus, last.pay_status as payStatus,
          last.shipping_status as shippingStatus
        from ${order}.orders o left join (
          select order_id, count(*) as n, min(version) as least, max(version) as most
          from ${order}.order_history group by order_id
        ) h on h.order_id = o.order_id
        left join ${order}.order_history last
          on last.order_id = o.order_id and last.version = o.version
        where not coalesce(h.n = o.version and h.least = 1 and h.most = o.version
          and last.order_status = o.order_status and last.pay_status = o.pay_status
          and last.shipping_status = o.shipping_status, false)`,
      describe: ({ version, n, orderStatus, payStatus, shippingStatus }) =>
        `is at version ${version}, but its history has ${n} versions and ends in ${orderStatus}/${payStatus}/${shippingStatus}`,
    },
    {
      name: "history-has-allowed-transitions",
      says: "an order begins as pending and moves by the transitions of its state machine",
      sql: ({ order }) => `select concat('order ', b.order_id, ', version ', b.version) as item,
          b.order_id as orderId,
          concat_ws('/', a.order_status, a.pay_status, a.shipping_status) as before_,
          concat_ws('/', b.order_status, b.pay_status, b.shipping_status) as after_
        from ${order}.order_history b left join ${order}.order_history a
          on a.order_id = b.order_id and a.version = b.version - 1
        where (b.version = 1 and (b.order_status, b.pay_status, b.shipping_status) <> ${FIRST_STATE})
          or (a.version is not null and (a.order_status, a.pay_status, a.shipping_status,
            b.order_status, b.pay_status, b.shipping_status) not in (${allowedTransitions().join(", ")}))`,
      describe: ({ before_, after_ }) => `moved from ${before_ || "nothing"} to ${after_}`,
    },
    {
      name: "pay-status-fits-refunds",
      says: "the pay status of an order follows from its refunds",
      sql: ({ order }) => `select concat('order ', o.order_id) as item, o.order_id as orderId,
          o.pay_status as payStatus, coalesce(r.n, 0) as n, coalesce(r.open_, 0) as open_
        from ${order}.orders o left join (
          select order_id, count(*) as n, sum(status <> ${DONE}) as open_, max(whole) as whole
          from ${order}.refunds where late_payment_id is null group by order_id
        ) r on r.order_id = o.order_id
        where not (o.pay_status <=> case
          when r.n is null then if(o.pay_status in (1, 2), o.pay_status, 2)
          when r.open_ > 0 then 3 when r.whole = 1 then 5 else 4 end)`,
      describe: ({ payStatus, n, open_ }) =>
        `is in pay status ${payStatus}, but has ${n} refunds, ${open_} of them not finished`,
    },
    {
      name: "refunds-add-up",
      says: "a refund is the share of the lines in what was paid, to the cent, and the last one includes shipping",
      sql: refundsAddUp,
      describe: ({ value, shouldBe, pay, shouldPay }) =>
        `was refunded ${value} cents instead of ${shouldBe}, of these ${pay} through the provider instead of ${shouldPay}`,
    },
    {
      name: "refunded-lines-were-ordered",
      says: "a refund takes back at most what was ordered, at the price of the order",
      sql: ({ order }) => `select concat('order ', r.order_id, ', goods ', r.goods_id) as item,
          r.order_id as orderId, r.quantity as refunded, l.quantity as ordered
        from (
          select order_id, goods_id, sum(quantity) as quantity, min(unit_price_cents) as least,
            max(unit_price_cents) as most
          from ${order}.refund_lines group by order_id, goods_id
        ) r left join (
          select order_id, goods_id, sum(quantity) as quantity, min(unit_price_cents) as least,
            max(unit_price_cents) as most
          from ${order}.order_lines group by order_id, goods_id
        ) l on l.order_id = r.order_id and l.goods_id = r.goods_id
        where not coalesce(r.quantity <= l.quantity and r.least = l.least and r.most = l.most, false)`,
      describe: ({ refunded, ordered }) => `was refunded ${refunded} of ${ordered ?? 0} units`,
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
  ],
};

/**
 * Compares the value of all refunds of an order with what was paid for its goods, less what is paid
 * for the goods that were not returned.
 */
function refundsAddUp({ order }: { order: string }): string {
  const paid = "(o.goods_amount_cents - o.coupon_paid_cents)";
  const left = `(cast(${paid} as decimal(40)) * (o.goods_amount_cents - l.amount)) div o.goods_amount_cents`;
  return `select concat('order ', orderId) as item, orderId, value, shouldBe, pay,
      least(shouldBe, payable) as shouldPay
    from (
      select o.order_id as orderId, r.pay + r.balance as value, r.pay, r.spent, r.shipping,
        ${paid} - ${left} as shouldSpend, if(l.amount = o.goods_amount_cents, o.shipping_fee_cents, 0) as fee,
        ${paid} - ${left} + if(l.amount = o.goods_amount_cents, o.shipping_fee_cents, 0) as shouldBe,
        o.pay_amount_cents as payable, r.whole, l.amount = o.goods_amount_cents as isWhole
      from ${order}.orders o join (
        select order_id, sum(pay_amount_cents) as pay, sum(balance_cents) as balance,
          sum(shipping_cents) as shipping, sum(spent_cents) as spent, sum(whole) as whole
        from ${order}.refunds where late_payment_id is null group by order_id
      ) r on r.order_id = o.order_id join (
        select order_id, sum(cast(quantity as decimal(40)) * unit_price_cents) as amount
        from ${order}.refund_lines group by order_id
      ) l on l.order_id = o.order_id
    ) x where value <> shouldBe or pay <> least(shouldBe, payable) or spent <> shouldSpend
      or shipping <> fee or whole <> isWhole
    union all select concat('order ', r.order_id), r.order_id, r.pay_amount_cents + r.balance_cents, 0,
      r.pay_amount_cents, 0
    from ${order}.refunds r left join ${order}.refund_lines l on l.refund_id = r.refund_id
    where r.late_payment_id is null and l.refund_id is null`;
}

/** The states before and after each transition, as SQL tuples. */
function allowedTransitions(): string[] {
  const numbers = [1, 2, 3, 4, 5];
  const states = numbers.flatMap((orderStatus) =>
    numbers.flatMap((payStatus) =>
      [1, 2, 3].map((shippingStatus) => ({ orderStatus, payStatus, shippingStatus }) as OrderState),
    ),
  );
  const pairs = states.flatMap((before) =>
    (Object.keys(TRANSITIONS) as Transition[])
      .filter((transition) => allows(before, transition))
      .map((transition) => [...tuple(before), ...tuple(applyTransition(before, transition))])
      .map((pair) => `(${pair.join(", ")})`),
  );
  return [...new Set(pairs)];
}

const tuple = (state: OrderState) => [state.orderStatus, state.payStatus, state.shippingStatus];

const timeOf = (value: unknown) => (value instanceof Date ? value.toISOString() : String(value));
