import { LogType, PaymentStatus } from "../../services/pay/domain/payment.ts";
import { RefundStatus } from "../../services/pay/domain/refund.ts";
import {
  disputeEntries,
  foreignRefundEntries,
  paymentEntries,
  providerRefundEntries,
} from "./journal.ts";
import type { Source } from "./source.ts";

const { SUCCEEDED, PARTIALLY_REFUNDED, REFUNDED } = PaymentStatus;

/** What pay has: money at the providers. */
export const PAY_SOURCES: readonly Source[] = [
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
      where r.status = ${RefundStatus.SUCCEEDED} and r.reopens = 0`,
    entries: ({ provider, amount_cents }) =>
      providerRefundEntries({ provider, amountCents: BigInt(amount_cents), cameBack: false }),
  },
  {
    // The row has the time of its latest success only; the log has every success and return.
    item: "refund at the provider",
    time: "l.log_time",
    sql: ({ pay }) => `select r.refund_id as id, r.order_id, l.log_time as time, p.provider,
        r.amount_cents, p.currency, l.type
      from ${pay}.refunds r join ${pay}.payments p on p.payment_id = r.payment_id
      join ${pay}.payment_log l on l.payment_id = r.payment_id
        and l.type in (${LogType.REFUND_SUCCEEDED}, ${LogType.REFUND_REOPENED})
        and l.detail like concat('refund ', r.refund_id, ' of %')
      where r.reopens > 0`,
    entries: ({ provider, amount_cents, type }) =>
      providerRefundEntries({
        provider,
        amountCents: BigInt(amount_cents),
        cameBack: type === LogType.REFUND_REOPENED,
      }),
  },
  {
    item: "refund made elsewhere",
    time: "f.finish_time",
    sql: ({ pay }) => `select f.foreign_id as id, p.order_id, f.finish_time as time, f.provider,
        f.amount_cents, f.currency
      from ${pay}.foreign_refunds f left join ${pay}.payments p on p.payment_id = f.payment_id
      where f.status = ${RefundStatus.SUCCEEDED} and f.amount_cents is not null`,
    entries: ({ provider, amount_cents }) =>
      foreignRefundEntries({ provider, amountCents: BigInt(amount_cents) }),
  },
  ...(["withdrawn", "reinstated"] as const).map((moved): Source => {
    return {
      item: "dispute",
      time: `d.${moved}_time`,
      sql: ({ pay }) => `select d.dispute_id as id, p.order_id, d.${moved}_time as time, d.provider,
          d.${moved}_cents as amount_cents, d.currency
        from ${pay}.disputes d left join ${pay}.payments p on p.payment_id = d.payment_id
        where d.${moved}_cents is not null`,
      entries: ({ provider, amount_cents }) =>
        disputeEntries({
          provider,
          amountCents: BigInt(amount_cents),
          returned: moved === "reinstated",
        }),
    };
  }),
];
