import {
  allows,
  applyTransition,
  type OrderState,
  TRANSITIONS,
  type Transition,
} from "../../services/order/domain/order-state.ts";
import { DONE, type Group, KEPT } from "./rule.ts";

const FIRST_STATE = "(1, 1, 1)";

/** Amounts recomputed from lines, and every change in the history. */
export const orderRules: Group = {
  name: "orders",
  rules: [
    {
      name: "amounts-add-up",
      says: "goods are the sum of the lines, the amount is goods and shipping, what is left to pay is the rest",
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
      tell: ({ goods, lineSum, amount, left_ }) =>
        `has lines of ${lineSum}, goods of ${goods}, an amount of ${amount} and ${left_} cents to pay`,
    },
    {
      name: "parts-have-their-whole",
      says: "lines, changes and refunds belong to an order, refunded lines to a refund",
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
      tell: () => "has rows that belong to nothing",
    },
    {
      name: "fields-fit-the-state",
      says: "times and reasons stand exactly where the order's state has them",
      sql: ({ order }) => `select concat('order ', order_id) as item, order_id as orderId,
          order_status as orderStatus, pay_status as payStatus, shipping_status as shippingStatus
        from ${order}.orders where (cancel_reason <> 0) <> (order_status = 3)
          or (pay_time is null) <> (pay_status = 1) or (ship_time is null) <> (shipping_status = 1)
          or (pay_status = 5) <> (order_status = 5)
          or (order_status in ${KEPT} and confirm_time is null)
          or (order_status = 1 and confirm_time is not null)`,
      tell: ({ orderStatus, payStatus, shippingStatus }) =>
        `is in state ${orderStatus}/${payStatus}/${shippingStatus}, its times or its reason are of another`,
    },
    {
      name: "history-has-every-version",
      says: "an order's history has its versions from 1 on without a gap, and ends in its state",
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
      tell: ({ version, n, orderStatus, payStatus, shippingStatus }) =>
        `is at version ${version}; its history has ${n}, and ${orderStatus}/${payStatus}/${shippingStatus} there`,
    },
    {
      name: "history-has-allowed-changes",
      says: "an order begins as pending and goes from state to state by the table of changes",
      sql: ({ order }) => `select concat('order ', b.order_id, ', version ', b.version) as item,
          b.order_id as orderId,
          concat_ws('/', a.order_status, a.pay_status, a.shipping_status) as before_,
          concat_ws('/', b.order_status, b.pay_status, b.shipping_status) as after_
        from ${order}.order_history b left join ${order}.order_history a
          on a.order_id = b.order_id and a.version = b.version - 1
        where (b.version = 1 and (b.order_status, b.pay_status, b.shipping_status) <> ${FIRST_STATE})
          or (a.version is not null and (a.order_status, a.pay_status, a.shipping_status,
            b.order_status, b.pay_status, b.shipping_status) not in (${allowedSteps().join(", ")}))`,
      tell: ({ before_, after_ }) => `went from ${before_ || "nothing"} to ${after_}`,
    },
    {
      name: "pay-status-fits-refunds",
      says: "an order is being refunded, refunded in part or whole exactly as its refunds are",
      sql: ({ order }) => `select concat('order ', o.order_id) as item, o.order_id as orderId,
          o.pay_status as payStatus, coalesce(r.n, 0) as n, coalesce(r.open_, 0) as open_
        from ${order}.orders o left join (
          select order_id, count(*) as n, sum(status <> ${DONE}) as open_, max(whole) as whole
          from ${order}.refunds where late_payment_id is null group by order_id
        ) r on r.order_id = o.order_id
        where not (o.pay_status <=> case
          when r.n is null then if(o.pay_status in (1, 2), o.pay_status, 2)
          when r.open_ > 0 then 3 when r.whole = 1 then 5 else 4 end)`,
      tell: ({ payStatus, n, open_ }) =>
        `is in pay status ${payStatus} with ${n} refunds, ${open_} of them under way`,
    },
    {
      name: "refunds-add-up",
      says: "what was refunded is the lines' share of what was paid, to the cent, and shipping with the last",
      sql: refundsAddUp,
      tell: ({ value, shouldBe, pay, shouldPay }) =>
        `was refunded ${value} cents instead of ${shouldBe}, ${pay} through the platform instead of ${shouldPay}`,
    },
    {
      name: "refunded-lines-were-ordered",
      says: "no more of a line is refunded than was ordered, at the price of the order",
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
      tell: ({ refunded, ordered }) => `was refunded ${refunded} of ${ordered ?? 0} units`,
    },
    {
      name: "pending-ends-in-time",
      says: "no order is pending for longer than recovery takes to find it",
      always: true,
      sql: ({ order, abandonedAfterSeconds, settleSeconds }) => `select
          concat('order ', order_id) as item, order_id as orderId, create_time as since
        from ${order}.orders where order_status = 1
          and create_time < now(3) - interval ${abandonedAfterSeconds + settleSeconds} second`,
      tell: ({ since }) => `is pending since ${timeOf(since)}`,
    },
    {
      name: "unpaid-ends-in-time",
      says: "an unpaid order past its deadline is being closed",
      always: true,
      sql: ({ order, settleSeconds }) => `select concat('order ', order_id) as item,
          order_id as orderId, pay_deadline as deadline
        from ${order}.orders where order_status = 2 and pay_status = 1
          and pay_deadline < now(3) - interval ${settleSeconds} second
          and coalesce(expiry_time, pay_deadline) < now(3) - interval ${settleSeconds} second`,
      tell: ({ deadline }) => `was to be paid until ${timeOf(deadline)}, and nobody looks at it`,
    },
  ],
};

/** All that is refunded at once is worth what was paid for goods, less what is paid for the goods that are left. */
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

/** Every pair of states that one change leads from and to, as SQL tuples. */
function allowedSteps(): string[] {
  const numbers = [1, 2, 3, 4, 5];
  const states = numbers.flatMap((orderStatus) =>
    numbers.flatMap((payStatus) =>
      [1, 2, 3].map((shippingStatus) => ({ orderStatus, payStatus, shippingStatus }) as OrderState),
    ),
  );
  const steps = states.flatMap((before) =>
    (Object.keys(TRANSITIONS) as Transition[])
      .filter((change) => allows(before, change))
      .map((change) => [...tuple(before), ...tuple(applyTransition(before, change))].join(", ")),
  );
  return [...new Set(steps)].map((step) => `(${step})`);
}

const tuple = (state: OrderState) => [state.orderStatus, state.payStatus, state.shippingStatus];

const timeOf = (value: unknown) => (value instanceof Date ? value.toISOString() : String(value));
