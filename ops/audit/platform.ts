import { CAPTURED, DONE, type Group } from "./rule.ts";

/** The platform whose store the audit can read. */
const PROVIDER = "sandbox";

/** Where the audit puts what the platform knows, for this connection only. MySQL reads each once in a statement. */
export const PLATFORM_PAYMENTS = "audit_platform_payments";
export const PLATFORM_REFUNDS = "audit_platform_refunds";

/** What the orders say is what the platform says. */
export const platformRules: Group = {
  name: "platform",
  needsPlatform: true,
  rules: [
    {
      name: "money-in-is-there",
      says: "what pay says came in, the platform says too: amount, currency and its own number",
      sql: ({ pay }) => `select concat('payment ', p.payment_id) as item, p.order_id as orderId,
          p.amount_cents as amount, t.state, t.amount_cents as there
        from ${pay}.payments p left join ${pay}.${PLATFORM_PAYMENTS} t
          on t.payment_id = p.payment_id
        where p.provider = '${PROVIDER}' and p.status in ${CAPTURED} and not coalesce(t.state = 'paid'
          and t.amount_cents = p.amount_cents and t.currency = p.currency
          and t.trade_id = p.provider_trade_id, false)`,
      tell: ({ amount, state, there }) =>
        `came in with ${amount} cents; the platform has it ${state ?? "not"}, with ${there ?? 0}`,
    },
    {
      // One that is open here is asked after until the platform says what became of it.
      name: "money-there-is-here",
      says: "what the platform took, pay says came in",
      sql: ({ pay, settleSeconds }) => `select concat('payment ', t.merchant_trade_id) as item,
          p.order_id as orderId, t.amount_cents as there, p.status
        from ${pay}.${PLATFORM_PAYMENTS} t
        left join ${pay}.payments p on p.payment_id = t.payment_id
        where t.state = 'paid' and not coalesce(p.status in ${CAPTURED}, false)
          and t.pay_time < now(3) - interval ${settleSeconds} second
          and not coalesce(p.status = 1 and p.next_check > now(3) - interval ${settleSeconds} second, false)`,
      tell: ({ there, status }) =>
        `was paid ${there} cents at the platform, and is ${status === null ? "unknown" : `in status ${status}`} here`,
    },
    {
      name: "money-back-is-the-same-there",
      says: "what pay gave back, the platform gave back",
      sql: ({ pay }) => `select concat('payment ', p.payment_id) as item, p.order_id as orderId,
          p.refunded_cents as here, coalesce(t.refunded_cents, 0) as there
        from ${pay}.payments p left join ${pay}.${PLATFORM_PAYMENTS} t
          on t.payment_id = p.payment_id
        where p.provider = '${PROVIDER}' and p.refunded_cents <> coalesce(t.refunded_cents, 0)
          and not exists (select 1 from ${pay}.refunds r
            where r.payment_id = p.payment_id and r.status <> ${DONE})`,
      tell: ({ here, there }) => `gave back ${here} cents, at the platform ${there}`,
    },
    {
      name: "refund-is-the-same-there",
      says: "the platform carried out each refund once, for its amount, and no other",
      sql: ({ pay }) => `select concat('refund ', t.name) as item, r.order_id as orderId,
          t.n, t.amount as there, r.amount_cents as here
        from (
          select min(merchant_refund_id) as name, refund_id, payment_id, sum(state = 'succeeded') as n,
            sum(if(state = 'succeeded', amount_cents, 0)) as amount
          from ${pay}.${PLATFORM_REFUNDS} group by refund_id, payment_id
        ) t left join ${pay}.refunds r on r.refund_id = t.refund_id and r.payment_id = t.payment_id
        where (t.n > 0 and not coalesce(t.n = 1 and t.amount = r.amount_cents, false))
          or (t.n = 0 and r.status = ${DONE})`,
      tell: ({ n, there, here }) =>
        `was carried out ${n} times for ${there} cents, here ${here ?? 0}`,
    },
    {
      name: "money-back-is-there",
      says: "each refund that pay says is done, the platform knows",
      sql: ({ pay }) => `select concat('refund ', r.refund_id) as item, r.order_id as orderId,
          r.amount_cents as here
        from ${pay}.refunds r join ${pay}.payments p on p.payment_id = r.payment_id
        left join ${pay}.${PLATFORM_REFUNDS} t on t.refund_id = r.refund_id and t.state = 'succeeded'
        where r.status = ${DONE} and p.provider = '${PROVIDER}' and t.refund_id is null`,
      tell: ({ here }) => `of ${here} cents is done here, and unknown there`,
    },
  ],
};
