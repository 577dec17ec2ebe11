import { PROVIDER_PAYMENTS, PROVIDER_REFUNDS } from "./provider-tables.ts";
import { CAPTURED, DONE, type Group } from "./rule.ts";

/** The provider whose data the audit can read. */
const PROVIDER = "sandbox";

/** The pay service and the provider have the same payments and refunds. */
export const providerRules: Group = {
  name: "provider",
  needsProvider: true,
  rules: [
    {
      name: "payment-is-at-the-provider",
      says: "each payment that came in is at the provider with the same amount, currency and trade number",
      sql: ({ pay }) => `select concat('payment ', p.payment_id) as item, p.order_id as orderId,
          p.amount_cents as amount, t.state, t.amount_cents as there
        from ${pay}.payments p left join ${pay}.${PROVIDER_PAYMENTS} t
          on t.payment_id = p.payment_id
        where p.provider = '${PROVIDER}' and p.status in ${CAPTURED} and not coalesce(t.state = 'paid'
          and t.amount_cents = p.amount_cents and t.currency = p.currency
          and t.trade_id = p.provider_trade_id, false)`,
      describe: ({ amount, state, there }) =>
        state === null
          ? `of ${amount} cents is unknown to the provider`
          : `of ${amount} cents is ${state} at the provider with ${there} cents`,
    },
    {
      // The shop queries the provider about an open payment until it learns the outcome.
      name: "provider-payment-is-known",
      says: "each payment that the provider took came in",
      sql: ({ pay, settleSeconds }) => `select concat('payment ', t.merchant_trade_id) as item,
          p.order_id as orderId, t.amount_cents as there, p.status
        from ${pay}.${PROVIDER_PAYMENTS} t
        left join ${pay}.payments p on p.payment_id = t.payment_id
        where t.state = 'paid' and not coalesce(p.status in ${CAPTURED}, false)
          and t.pay_time < now(3) - interval ${settleSeconds} second
          and not coalesce(p.status = 1 and p.next_check > now(3) - interval ${settleSeconds} second, false)`,
      describe: ({ there, status }) =>
        `was paid with ${there} cents at the provider, but is ${status === null ? "unknown" : `in status ${status}`} here`,
    },
    {
      name: "refunded-amount-is-at-the-provider",
      says: "a payment has the same refunded amount at the provider",
      sql: ({ pay }) => `select concat('payment ', p.payment_id) as item, p.order_id as orderId,
          p.refunded_cents as here, coalesce(t.refunded_cents, 0) as there
        from ${pay}.payments p left join ${pay}.${PROVIDER_PAYMENTS} t
          on t.payment_id = p.payment_id
        where p.provider = '${PROVIDER}' and p.refunded_cents <> coalesce(t.refunded_cents, 0)
          and not exists (select 1 from ${pay}.refunds r
            where r.payment_id = p.payment_id and r.status <> ${DONE})`,
      describe: ({ here, there }) => `has ${here} cents refunded, but ${there} at the provider`,
    },
    {
      name: "provider-refund-is-known",
      says: "the provider carried out each refund once, for its amount, and no other",
      sql: ({ pay }) => `select concat('refund ', t.name) as item, r.order_id as orderId,
          t.n, t.amount as there, r.amount_cents as here
        from (
          select min(merchant_refund_id) as name, refund_id, payment_id, sum(state = 'succeeded') as n,
            sum(if(state = 'succeeded', amount_cents, 0)) as amount
          from ${pay}.${PROVIDER_REFUNDS} group by refund_id, payment_id
        ) t left join ${pay}.refunds r on r.refund_id = t.refund_id and r.payment_id = t.payment_id
        where (t.n > 0 and not coalesce(t.n = 1 and t.amount = r.amount_cents, false))
          or (t.n = 0 and r.status = ${DONE})`,
      describe: ({ n, there, here }) =>
        `was carried out ${n} times for ${there} cents, but is ${here ?? 0} cents here`,
    },
    {
      name: "refund-is-at-the-provider",
      says: "each finished refund is at the provider",
      sql: ({ pay }) => `select concat('refund ', r.refund_id) as item, r.order_id as orderId,
          r.amount_cents as here
        from ${pay}.refunds r join ${pay}.payments p on p.payment_id = r.payment_id
        left join ${pay}.${PROVIDER_REFUNDS} t on t.refund_id = r.refund_id and t.state = 'succeeded'
        where r.status = ${DONE} and p.provider = '${PROVIDER}' and t.refund_id is null`,
      describe: ({ here }) => `of ${here} cents is finished, but unknown to the provider`,
    },
  ],
};
