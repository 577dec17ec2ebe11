import { CAPTURED, DONE, differing, type Group } from "./rule.ts";

/** An order is paid exactly when its pay amount came in, and refunds match those of the orders. */
export const paymentRules: Group = {
  name: "payments",
  rules: [
    {
      name: "paid-order-has-its-payment",
      says: "an order is paid exactly when one payment of its own brought its pay amount, or the amount is 0",
      // An order older than its currency column has the currency of its payment.
      sql: ({ order, pay }) => `select concat('order ', o.order_id) as item, o.order_id as orderId,
          o.pay_status as payStatus, o.pay_amount_cents as due, o.payment_id as paymentId,
          p.amount_cents as amount, p.status
        from ${order}.orders o left join ${pay}.payments p on p.payment_id = o.payment_id
        where (o.pay_status = 1 and (o.payment_id <> 0 or (o.order_status = 2 and o.pay_amount_cents = 0)))
          or (o.pay_status <> 1 and o.pay_amount_cents = 0 and o.payment_id <> 0)
          or (o.pay_status <> 1 and o.pay_amount_cents > 0 and not coalesce(p.status in ${CAPTURED}
            and p.order_id = o.order_id and p.user_id = o.user_id
            and p.amount_cents = o.pay_amount_cents and p.currency = coalesce(nullif(o.currency_code, ''), p.currency), false))`,
      describe: ({ payStatus, due, paymentId, amount, status }) =>
        `is in pay status ${payStatus} with ${due} cents to pay, by payment ${paymentId} of ${amount} cents in status ${status}`,
    },
    {
      name: "money-in-has-its-order",
      says: "a payment that came in paid its order, or is refunded whole and once",
      sql: ({
        order,
        pay,
      }) => `select concat('payment ', p.payment_id) as item, p.order_id as orderId,
          p.amount_cents as amount, o.payment_id as paidBy, r.pay_amount_cents as refund
        from ${pay}.payments p left join ${order}.orders o on o.order_id = p.order_id
        left join ${order}.refunds r on r.late_payment_id = p.payment_id
        where p.status in ${CAPTURED} and not coalesce(if(o.payment_id = p.payment_id, r.refund_id is null,
          r.order_id = p.order_id and r.payment_id = p.payment_id
          and r.pay_amount_cents = p.amount_cents and r.balance_cents = 0), false)`,
      describe: ({ amount, orderId, paidBy, refund }) =>
        `of ${amount} cents came in for order ${orderId}, which payment ${paidBy} paid; ${refund ?? 0} cents are refunded`,
    },
    {
      name: "money-in-is-on-record",
      says: "each payment that came in has one accepted callback or answer of the provider",
      sql: ({ pay }) => `select concat('payment ', p.payment_id) as item, p.order_id as orderId,
          p.status, coalesce(c.n, 0) as n
        from ${pay}.payments p left join (
          select payment_id, count(*) as n from ${pay}.callbacks where verdict in (1, 2) group by payment_id
        ) c on c.payment_id = p.payment_id
        where coalesce(c.n, 0) <> (p.status in ${CAPTURED})`,
      describe: ({ status, n }) => `is in status ${status}, but has ${n} accepted callbacks`,
    },
    {
      name: "payment-refunds-add-up",
      says: "the refunded amounts and the status of a payment follow from its refunds",
      sql: ({ pay }) => `select concat('payment ', p.payment_id) as item, p.order_id as orderId,
          p.status, p.amount_cents as amount, p.refunded_cents as refunded, coalesce(r.done, 0) as done,
          p.refund_requested_cents as requested, coalesce(r.asked, 0) as asked
        from ${pay}.payments p left join (
          select payment_id, sum(amount_cents) as asked, sum(if(status = ${DONE}, amount_cents, 0)) as done
          from ${pay}.refunds group by payment_id
        ) r on r.payment_id = p.payment_id
        where p.refunded_cents <> coalesce(r.done, 0) or p.refund_requested_cents <> coalesce(r.asked, 0)
          or p.refund_requested_cents > p.amount_cents
          or (p.status in ${CAPTURED} and p.status <> case when p.refunded_cents = 0 then 2
            when p.refunded_cents < p.amount_cents then 4 else 5 end)
        union all select concat('payment ', r.payment_id), r.order_id, null, null, null,
          sum(r.amount_cents), null, null
        from ${pay}.refunds r left join ${pay}.payments p on p.payment_id = r.payment_id
        where p.payment_id is null group by r.payment_id, r.order_id`,
      describe: ({ status, amount, refunded, done, requested, asked }) =>
        `of ${amount} cents in status ${status} has ${refunded} refunded and ${requested} requested, but its refunds add up to ${done} and ${asked}`,
    },
    {
      name: "refund-is-the-same-in-pay",
      says: "order and pay have the same refunds through the provider",
      sql: ({ order, pay }) =>
        differing({
          keys: ["order_id", "refund_id", "payment_id"],
          left: [
            `select order_id, refund_id, payment_id,
               pay_amount_cents * (1 + 2 * reopens + (status = ${DONE})) as n
             from ${order}.refunds where pay_amount_cents > 0`,
          ],
          right: [
            `select order_id, refund_id, payment_id,
               amount_cents * (1 + 2 * reopens + (status = ${DONE})) as n
             from ${pay}.refunds`,
          ],
          item: "concat('order ', order_id, ', refund ', refund_id)",
        }),
      describe: ({ a, b }) =>
        `differs in pay: ${a} and ${b} cents, counted again for each success and reopening`,
    },
    {
      name: "refund-is-tried-in-time",
      says: "a refund that is not finished is tried or queried at its provider when it is due",
      always: true,
      sql: ({ pay, settleSeconds }) => `select concat('refund ', refund_id) as item,
          order_id as orderId, status, tries
        from ${pay}.refunds where status <> ${DONE}
          and next_try < now(3) - interval ${settleSeconds} second`,
      describe: ({ status, tries }) =>
        `in status ${status} is overdue after ${tries} requests to the provider`,
    },
    {
      name: "refunds-are-requested-here",
      says: "the provider reported no refund that the shop did not request",
      sql: ({ pay }) => `select concat('refund ', f.foreign_id, ' at ', f.provider) as item,
          p.order_id as orderId, f.payment_id as paymentId, f.amount_cents as amount
        from ${pay}.foreign_refunds f left join ${pay}.payments p on p.payment_id = f.payment_id
        where f.status <> 3`,
      describe: ({ paymentId, amount }) =>
        `of ${amount ?? "unknown"} cents of payment ${paymentId} was made without the shop`,
    },
    {
      name: "closed-order-takes-no-payment",
      says: "a payment of a cancelled order is closed or being closed",
      sql: ({ order, pay, settleSeconds }) => `select concat('payment ', p.payment_id) as item,
          p.order_id as orderId
        from ${pay}.payments p left join ${order}.orders o on o.order_id = p.order_id
        where p.status = 1 and (o.order_id is null or (o.order_status in (1, 3) and (p.closing = 0
          or p.next_check < now(3) - interval ${settleSeconds} second)))`,
      describe: ({ orderId }) =>
        `is open and is not being closed, but order ${orderId} is cancelled or unknown`,
    },
  ],
};
