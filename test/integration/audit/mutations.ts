import type { ProviderEntry } from "../../../ops/audit/provider-source.ts";
import type { Everything } from "./everything.ts";
import { idOf, type Mutation, mutationsOf } from "./mutation.ts";
import { ofOrders } from "./order-mutations.ts";
import { ofCoupons, ofGoods, ofUsers } from "./participant-mutations.ts";

/** At least one mutation for each rule: a cent more, a row less, a refund twice. */
export function mutations(o: Everything): Mutation[] {
  return [...ofGoods(o), ...ofCoupons(o), ...ofUsers(o), ...ofOrders(o), ...ofPayments(o)].concat(
    ofProvider(o),
    ofEvents(o),
  );
}

function ofPayments(o: Everything): Mutation[] {
  const pay = mutationsOf("pay");
  const paymentOf = ({ orderId }: { orderId: bigint }) =>
    `(select payment_id from (select payment_id from payments where order_id = ${orderId}) p)`;
  const columns = `order_id, user_id, provider, amount_cents, currency, return_url, next_check`;
  return [
    mutationsOf("order")("paid-order-has-its-payment", "a paid order without a payment", [
      `order ${idOf(o.paid)}`,
      `update orders set payment_id = 0 where order_id = ${idOf(o.paid)}`,
    ]),
    pay("paid-order-has-its-payment", "a cent more", [
      `order ${idOf(o.paid)}`,
      `update payments set amount_cents = amount_cents + 1 where order_id = ${idOf(o.paid)}`,
    ]),
    pay("paid-order-has-its-payment", "another currency", [
      `order ${idOf(o.paid)}`,
      `update payments set currency = 'USD' where order_id = ${idOf(o.paid)}`,
    ]),
    pay("money-in-has-its-order", "a payment that is neither the order's nor refunded", [
      "payment 5",
      `insert into payments (payment_id, status, pay_time, ${columns})
       select 5, 2, now(3), ${columns} from payments where order_id = ${idOf(o.paid)}`,
    ]),
    mutationsOf("order")(
      "money-in-has-its-order",
      "the order's own payment refunded as a late one",
      [
        "payment ",
        `insert into refunds (refund_id, order_id, late_payment_id, payment_id, status,
         pay_amount_cents, balance_cents, shipping_cents, spent_cents, whole, note)
       select 5, order_id, payment_id, payment_id, 2, pay_amount_cents, 0, 0, 0, 0, ''
       from orders where order_id = ${idOf(o.paid)}`,
      ],
    ),
    pay("money-in-is-on-record", "a payment without a callback", [
      "payment ",
      `delete from callbacks where payment_id = ${paymentOf(o.paid)}`,
    ]),
    pay("payment-refunds-add-up", "a cent that was never requested", [
      "payment ",
      `update payments set refund_requested_cents = 1 where order_id = ${idOf(o.paid)}`,
    ]),
    pay("payment-refunds-add-up", "a refund twice", [
      "payment ",
      `insert into refunds (refund_id, payment_id, order_id, amount_cents, status, next_try)
       select 7, payment_id, order_id, amount_cents, status, next_try
       from refunds where order_id = ${idOf(o.whole)} limit 1`,
    ]),
    mutationsOf("order")("deposits-are-explained", "a coupon that took a cent more", [
      `order ${idOf(o.paid)}`,
      `update orders set coupon_paid_cents = coupon_paid_cents + 1 where order_id = ${idOf(o.paid)}`,
    ]),
    pay("deposits-are-explained", "a refund that the order does not know", [
      `order ${idOf(o.part)}`,
      `update refunds set amount_cents = amount_cents + 1 where order_id = ${idOf(o.part)} limit 1`,
    ]),
    mutationsOf("user")("deposits-are-explained", "a cent of balance that nothing needs", [
      `order ${idOf(o.whole)}`,
      `update balance_log set amount_cents = amount_cents - 1
       where order_id = ${idOf(o.whole)} and type = 2`,
    ]),
    pay("refund-is-the-same-in-pay", "a refund twice", [
      `order ${idOf(o.whole)}, refund`,
      `insert into refunds (refund_id, payment_id, order_id, amount_cents, status, next_try)
       select 7, payment_id, order_id, amount_cents, status, next_try
       from refunds where order_id = ${idOf(o.whole)} limit 1`,
    ]),
    pay("refund-is-the-same-in-pay", "a success that the provider took back", [
      `order ${idOf(o.whole)}, refund`,
      `update refunds set reopens = 1 where order_id = ${idOf(o.whole)} limit 1`,
    ]),
    pay("refund-is-tried-in-time", "a refund that nothing tries", [
      "refund ",
      `update refunds set status = 5, next_try = now(3) - interval 1 hour
       where order_id = ${idOf(o.whole)} limit 1`,
    ]),
    pay("refunds-are-requested-here", "a refund from the provider's console", [
      "refund console-1 at sandbox",
      `insert into foreign_refunds (provider, foreign_id, payment_id, status, amount_cents, currency)
       select 'sandbox', 'console-1', payment_id, 2, 1, currency
       from payments where order_id = ${idOf(o.paid)}`,
    ]),
    pay("refund-is-the-same-in-pay", "a cent more", [
      `order ${idOf(o.part)}, refund`,
      `update refunds set amount_cents = amount_cents + 1 where order_id = ${idOf(o.part)} limit 1`,
    ]),
    pay("closed-order-takes-no-payment", "an open payment of a cancelled order", [
      "payment 5",
      `insert into payments (payment_id, status, order_id, user_id, provider, amount_cents, currency,
         return_url, next_check)
       values (5, 1, ${idOf(o.cancelled)}, ${o.cancelled.userId}, 'sandbox', 1, 'EUR', '', now(3))`,
    ]),
  ];
}

function ofProvider(o: Everything): Mutation[] {
  const provider = (
    [rule, item]: [rule: string, item: "payment " | "refund "],
    what: string,
    change: (entries: ProviderEntry[]) => ProviderEntry[],
  ): Mutation => ({ rule, what, item, provider: change });
  const each =
    (kind: ProviderEntry["kind"], change: (entry: ProviderEntry) => ProviderEntry[]) =>
    (entries: ProviderEntry[]) => {
      const first = entries.find((entry) => {
        return entry.kind === kind && entry.state !== "open";
      });
      return entries.flatMap((entry) => (entry === first ? change(entry) : [entry]));
    };
  const unknown = (entry: ProviderEntry): ProviderEntry =>
    entry.kind === "payment"
      ? { ...entry, paymentId: String(o.paid.orderId), tradeId: "other", payTime: new Date(0) }
      : entry;
  return [
    provider(
      ["payment-is-at-the-provider", "payment "],
      "a cent less",
      each("payment", (entry) => [{ ...entry, amountCents: entry.amountCents - 1n }]),
    ),
    provider(
      ["payment-is-at-the-provider", "payment "],
      "a payment less",
      each("payment", () => []),
    ),
    provider(
      ["provider-payment-is-known", "payment "],
      "a payment that the shop does not know",
      each("payment", (entry) => [entry, unknown(entry)]),
    ),
    provider(["refunded-amount-is-at-the-provider", "payment "], "a cent more", (entries) =>
      entries.map((entry) =>
        entry.kind === "payment" && entry.refundedCents > 0n
          ? { ...entry, refundedCents: entry.refundedCents + 1n }
          : entry,
      ),
    ),
    provider(
      ["provider-refund-is-known", "refund "],
      "a refund twice",
      each("refund", (entry) =>
        entry.kind === "refund" ? [entry, { ...entry, refundId: `${entry.refundId}-2` }] : [],
      ),
    ),
    provider(
      ["refund-is-at-the-provider", "refund "],
      "a refund less",
      each("refund", () => []),
    ),
  ];
}

function ofEvents(o: Everything): Mutation[] {
  const order = mutationsOf("order");
  return [
    order("events-are-delivered", "an event that stays undelivered", [
      "event ",
      `update outbox set state = 2, create_time = now(3) - interval 2 minute
       where order_id = ${idOf(o.paid)} and fact = 'order.v1.paid'`,
    ]),
    mutationsOf("goods")("events-are-handled", "an inbox row less", [
      "event ",
      "delete from inbox where consumer = 'goods_order_v1_refunded' limit 1",
    ]),
    mutationsOf("order")("events-are-handled", "an inbox row less at order", [
      "event ",
      "delete from inbox where consumer = 'order_pay_v1_succeeded' limit 1",
    ]),
    mutationsOf("user")("handled-events-exist", "a forged event", [
      "event 5 at user",
      "insert into inbox (event_id, consumer) values (5, 'user_order_v1_paid')",
    ]),
    order("handled-events-exist", "an outbox row less", [
      "event ",
      `delete from outbox where order_id = ${idOf(o.paid)} and fact = 'order.v1.paid'`,
    ]),
    order("transitions-have-their-event", "an event less", [
      `order ${idOf(o.paid)}`,
      `delete from outbox where order_id = ${idOf(o.paid)} and fact = 'order.v1.confirmed'`,
    ]),
    mutationsOf("pay")("payments-have-their-event", "an event less", [
      `order ${idOf(o.paid)}`,
      `delete from outbox where order_id = ${idOf(o.paid)} and fact = 'pay.v1.succeeded'`,
    ]),
    mutationsOf("goods")("nothing-is-parked", "a parked message", [
      "message 5 of goods_order_v1_paid",
      `insert into parked_messages (consumer, message_key, subject, headers, payload, state, attempts, error)
       values ('goods_order_v1_paid', '5', 's', '{}', '', 2, 8, 'no')`,
    ]),
    mutationsOf("pay")("identifiers-are-unique", "an identifier that names two things", [
      "pay ",
      "update payment_log set log_id = payment_id limit 1",
    ]),
  ];
}
