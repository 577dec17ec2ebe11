import type { ServiceName } from "#platform/process/common-settings.ts";
import type { PlatformEntry } from "../../../ops/audit/platform-source.ts";
import type { Everything } from "./everything.ts";

/** One thing done to the data by hand, and what the audit must say of it. */
export type Mutation = {
  rule: string;
  what: string;
  /** What the named item begins with. */
  item: string;
} & (
  | { service: ServiceName; sql: string }
  | { platform: (entries: PlatformEntry[]) => PlatformEntry[] }
);

/** One or more for each rule: a cent more, a row less, a refund twice. */
export function mutations(o: Everything): Mutation[] {
  return [...ofGoods(o), ...ofCoupons(o), ...ofUsers(o), ...ofOrders(o), ...ofPayments(o)].concat(
    ofPlatform(o),
    ofEvents(o),
  );
}

const by =
  (service: ServiceName) =>
  (rule: string, what: string, [item, sql]: [item: string, sql: string]): Mutation => ({
    service,
    rule,
    what,
    item,
    sql,
  });

const idOf = ({ orderId }: { orderId: bigint }) => String(orderId);

function ofGoods(o: Everything): Mutation[] {
  const goods = by("goods");
  const copy = (type: number, refund: string) => `insert into stock_log
    (log_id, goods_id, order_id, type, delta, stock_after, refund_id, note)
    select 7, goods_id, order_id, type, delta, stock_after, ${refund}, ''
    from stock_log where type = ${type}`;
  const goodsId = String(o.paid.lines[0]?.goodsId);
  return [
    goods("stock-is-sum-of-log", "a unit more", [
      `goods ${goodsId}`,
      `update goods set stock = stock + 1 where goods_id = ${goodsId}`,
    ]),
    goods("stock-is-sum-of-log", "an adjustment less", [
      `goods ${goodsId}`,
      `delete from stock_log where goods_id = ${goodsId} and type = 1`,
    ]),
    goods("stock-log-is-a-chain", "a movement from nowhere", [
      `goods ${goodsId}`,
      `update stock_log set stock_after = stock_after + 7
       where order_id = ${idOf(o.paid)} and goods_id = ${goodsId}`,
    ]),
    goods("stock-never-negative", "a stock that was below zero", [
      `goods ${goodsId}`,
      `update stock_log set stock_after = -1
       where order_id = ${idOf(o.paid)} and goods_id = ${goodsId}`,
    ]),
    goods("order-holds-its-lines", "a reservation less", [
      `order ${idOf(o.paid)}, goods ${goodsId}`,
      `delete from stock_log where order_id = ${idOf(o.paid)} and goods_id = ${goodsId}`,
    ]),
    goods("order-holds-its-lines", "a cancelled order that gave nothing back", [
      `order ${idOf(o.cancelled)}, goods`,
      `delete from stock_log where order_id = ${idOf(o.cancelled)} and type = 3`,
    ]),
    goods("order-holds-its-lines", "a refund that brought nothing back", [
      `order ${idOf(o.part)}, goods`,
      `delete from stock_log where order_id = ${idOf(o.part)} and type = 4 limit 1`,
    ]),
    goods("reservation-says-what-is-held", "a reservation that was let go of", [
      `order ${idOf(o.paid)}`,
      `update reservations set state = 2 where order_id = ${idOf(o.paid)}`,
    ]),
    goods("reservation-says-what-is-held", "a refund that waits for ever", [
      `order ${idOf(o.whole)}`,
      `update reservations set state = 4 where order_id = ${idOf(o.whole)}`,
    ]),
    goods("stock-moves-once-for-an-order", "a release twice", [
      `order ${idOf(o.cancelled)}, goods`,
      `${copy(3, "5")} and order_id = ${idOf(o.cancelled)} limit 1`,
    ]),
    goods("stock-returns-are-refunds", "a refund twice", [
      `order ${idOf(o.whole)}, refund`,
      `${copy(4, "7")} and order_id = ${idOf(o.whole)} limit 1`,
    ]),
  ];
}

function ofCoupons(o: Everything): Mutation[] {
  const coupon = by("coupon");
  return [
    coupon("used-coupon-has-its-order", "a cancelled order that keeps its coupon", [
      `coupon ${o.cancelled.couponId}`,
      `update coupons set status = 2, order_id = ${idOf(o.cancelled)}, used_time = now(3)
       where coupon_id = ${o.cancelled.couponId}`,
    ]),
    coupon("used-coupon-has-its-order", "another user's order", [
      `coupon ${o.part.couponId}`,
      `update coupons set user_id = 1 where coupon_id = ${o.part.couponId}`,
    ]),
    coupon("order-has-its-coupon", "a coupon that is free again too soon", [
      `order ${idOf(o.part)}`,
      `update coupons set status = 1, order_id = 0, used_time = null
       where coupon_id = ${o.part.couponId}`,
    ]),
    coupon("coupon-use-is-held-by-its-order", "a cent more", [
      `order ${idOf(o.part)}`,
      `update coupon_uses set amount_off_cents = amount_off_cents + 1
       where order_id = ${idOf(o.part)}`,
    ]),
    coupon("coupon-use-is-held-by-its-order", "a whole refund that freed nothing", [
      `order ${idOf(o.whole)}`,
      `update coupon_uses set state = 1 where order_id = ${idOf(o.whole)}`,
    ]),
    coupon("coupon-takes-what-it-says", "another percentage", [
      `order ${idOf(o.part)}`,
      `update coupons set basis_points_off = basis_points_off + 100
       where coupon_id = ${o.part.couponId}`,
    ]),
    coupon("coupon-takes-what-it-says", "another amount", [
      `order ${idOf(o.paid)}`,
      `update coupons set amount_off_cents = amount_off_cents - 1
       where coupon_id = ${o.paid.couponId}`,
    ]),
  ];
}

function ofUsers(o: Everything): Mutation[] {
  const user = by("user");
  const userId = String(o.part.userId);
  return [
    user("balance-is-sum-of-log", "a cent more", [
      `user ${userId}`,
      `update users set balance_cents = balance_cents + 1 where user_id = ${userId}`,
    ]),
    user("balance-log-is-a-chain", "a change from nowhere", [
      `user ${userId}`,
      `update balance_log set balance_after = balance_after + 1 where user_id = ${userId} and type = 2`,
    ]),
    user("balance-never-negative", "a balance that was below zero", [
      `user ${userId}`,
      `update balance_log set balance_after = -1 where user_id = ${userId} and type = 2`,
    ]),
    user("order-holds-its-balance", "a deduction less", [
      `order ${idOf(o.part)}`,
      `delete from balance_log where order_id = ${idOf(o.part)} and type = 2`,
    ]),
    user("order-holds-its-balance", "a cancelled order that gave nothing back", [
      `order ${idOf(o.cancelled)}`,
      `delete from balance_log where order_id = ${idOf(o.cancelled)} and type = 3`,
    ]),
    user("hold-says-what-is-held", "a cent more", [
      `order ${idOf(o.part)}`,
      `update balance_holds set amount_cents = amount_cents + 1 where order_id = ${idOf(o.part)}`,
    ]),
    user("balance-refunds-are-refunds", "a refund twice", [
      `order ${idOf(o.byBalance)}, refund`,
      `insert into balance_log (log_id, user_id, order_id, type, amount_cents, balance_after, refund_id)
       select 7, user_id, order_id, type, amount_cents, balance_after, 7
       from balance_log where order_id = ${idOf(o.byBalance)} and refund_id <> 0`,
    ]),
    user("points-are-sum-of-log", "a point more", [
      `user ${userId}`,
      `update users set points = points + 1 where user_id = ${userId}`,
    ]),
    user("order-earned-its-points", "a point more", [
      `order ${idOf(o.paid)}`,
      `update point_log set points = points + 1 where order_id = ${idOf(o.paid)}`,
    ]),
    user("order-earned-its-points", "a paid order without points", [
      `order ${idOf(o.paid)}`,
      `delete from point_log where order_id = ${idOf(o.paid)}`,
    ]),
    user("order-earned-its-points", "a refund that took no points", [
      `order ${idOf(o.whole)}`,
      `delete from point_log where order_id = ${idOf(o.whole)} and refund_id <> 0`,
    ]),
    user("points-are-told-once", "an award twice", [
      `order ${idOf(o.paid)}, refund 5`,
      `insert into point_log (log_id, user_id, order_id, points, refund_id, spent_cents)
       select 7, user_id, order_id, points, 5, spent_cents
       from point_log where order_id = ${idOf(o.paid)}`,
    ]),
    user("points-never-negative", "a refund without its payment", [
      `order ${idOf(o.whole)}`,
      `delete from point_log where order_id = ${idOf(o.whole)} and refund_id = 0`,
    ]),
  ];
}

function ofOrders(o: Everything): Mutation[] {
  const order = by("order");
  const of = (one: { orderId: bigint }, sql: string): [string, string] => [
    `order ${idOf(one)}`,
    sql.replaceAll("$", idOf(one)),
  ];
  return [
    order(
      "amounts-add-up",
      "a line a cent dearer",
      of(
        o.paid,
        "update order_lines set unit_price_cents = unit_price_cents + 1 where order_id = $ limit 1",
      ),
    ),
    order(
      "amounts-add-up",
      "a cent more to pay",
      of(o.unpaid, "update orders set pay_amount_cents = pay_amount_cents + 1 where order_id = $"),
    ),
    order(
      "amounts-add-up",
      "a line less",
      of(o.part, "delete from order_lines where order_id = $ and line_number = 1"),
    ),
    order("parts-have-their-whole", "a line of no order", [
      "order 5, order_lines",
      "insert into order_lines values (5, 1, 1, 1, 1)",
    ]),
    order("parts-have-their-whole", "lines of no refund", [
      "refund 5",
      `update refund_lines set refund_id = 5 where order_id = ${idOf(o.part)} limit 1`,
    ]),
    order(
      "fields-fit-the-state",
      "a reason without a cancellation",
      of(o.paid, "update orders set cancel_reason = 2 where order_id = $"),
    ),
    order(
      "fields-fit-the-state",
      "paid at no time",
      of(o.paid, "update orders set pay_time = null where order_id = $"),
    ),
    order(
      "history-has-every-version",
      "a change less",
      of(o.completed, "delete from order_history where order_id = $ and version = 3"),
    ),
    order(
      "history-has-every-version",
      "a state that no change led to",
      of(o.completed, "update orders set shipping_status = 2 where order_id = $"),
    ),
    order(
      "history-has-allowed-changes",
      "a change that is not allowed",
      of(
        o.completed,
        "update order_history set order_status = 3 where order_id = $ and version = 3",
      ),
    ),
    order(
      "pay-status-fits-refunds",
      "refunds that the order does not know",
      of(o.part, "update orders set pay_status = 2 where order_id = $"),
    ),
    order(
      "refunds-add-up",
      "a cent more refunded",
      of(o.byBalance, "update refunds set balance_cents = balance_cents + 1 where order_id = $"),
    ),
    order(
      "refunds-add-up",
      "a cent less of the points' base",
      of(o.part, "update refunds set spent_cents = spent_cents - 1 where order_id = $ limit 1"),
    ),
    order(
      "refunded-lines-were-ordered",
      "more refunded than ordered",
      of(o.part, "update refund_lines set quantity = 100 where order_id = $ limit 1"),
    ),
    order(
      "pending-ends-in-time",
      "an order that nobody finds",
      of(
        o.unpaid,
        "update orders set order_status = 1, create_time = now(3) - interval 1 hour where order_id = $",
      ),
    ),
    order(
      "unpaid-ends-in-time",
      "an order that nobody closes",
      of(
        o.unpaid,
        `update orders set pay_deadline = now(3) - interval 1 hour,
         expiry_time = now(3) - interval 1 hour where order_id = $`,
      ),
    ),
  ];
}

function ofPayments(o: Everything): Mutation[] {
  const pay = by("pay");
  const paymentOf = ({ orderId }: { orderId: bigint }) =>
    `(select payment_id from (select payment_id from payments where order_id = ${orderId}) p)`;
  const columns = `order_id, user_id, provider, amount_cents, currency, return_url, next_check`;
  return [
    by("order")("paid-order-has-its-payment", "an order that was paid by nothing", [
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
    by("order")("money-in-has-its-order", "the order's own payment refunded as a late one", [
      "payment ",
      `insert into refunds (refund_id, order_id, late_payment_id, payment_id, status,
         pay_amount_cents, balance_cents, shipping_cents, spent_cents, whole, note)
       select 5, order_id, payment_id, payment_id, 2, pay_amount_cents, 0, 0, 0, 0, ''
       from orders where order_id = ${idOf(o.paid)}`,
    ]),
    pay("money-in-is-on-record", "money that nobody told of", [
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
    pay("refund-is-the-same-in-pay", "a refund twice", [
      `order ${idOf(o.whole)}, refund`,
      `insert into refunds (refund_id, payment_id, order_id, amount_cents, status, next_try)
       select 7, payment_id, order_id, amount_cents, status, next_try
       from refunds where order_id = ${idOf(o.whole)} limit 1`,
    ]),
    pay("refund-is-the-same-in-pay", "a cent more", [
      `order ${idOf(o.part)}, refund`,
      `update refunds set amount_cents = amount_cents + 1 where order_id = ${idOf(o.part)} limit 1`,
    ]),
    pay("closed-order-takes-no-payment", "a payment that nobody closes", [
      "payment 5",
      `insert into payments (payment_id, status, order_id, user_id, provider, amount_cents, currency,
         return_url, next_check)
       values (5, 1, ${idOf(o.cancelled)}, ${o.cancelled.userId}, 'sandbox', 1, 'EUR', '', now(3))`,
    ]),
  ];
}

function ofPlatform(o: Everything): Mutation[] {
  const platform = (
    rule: string,
    what: string,
    change: (entries: PlatformEntry[]) => PlatformEntry[],
  ): Mutation => ({
    rule,
    what,
    item: rule.startsWith("refund") || rule === "money-back-is-there" ? "refund " : "payment ",
    platform: change,
  });
  const each =
    (kind: PlatformEntry["kind"], change: (entry: PlatformEntry) => PlatformEntry[]) =>
    (entries: PlatformEntry[]) => {
      const first = entries.find((entry) => {
        return entry.kind === kind && entry.state !== "open";
      });
      return entries.flatMap((entry) => (entry === first ? change(entry) : [entry]));
    };
  const unknown = (entry: PlatformEntry): PlatformEntry =>
    entry.kind === "payment"
      ? { ...entry, paymentId: String(o.paid.orderId), tradeId: "other", payTime: new Date(0) }
      : entry;
  return [
    platform(
      "money-in-is-there",
      "a cent less",
      each("payment", (entry) => [{ ...entry, amountCents: entry.amountCents - 1n }]),
    ),
    platform(
      "money-in-is-there",
      "a payment less",
      each("payment", () => []),
    ),
    platform(
      "money-there-is-here",
      "money that the shop does not know",
      each("payment", (entry) => [entry, unknown(entry)]),
    ),
    platform("money-back-is-the-same-there", "a cent more", (entries) =>
      entries.map((entry) =>
        entry.kind === "payment" && entry.refundedCents > 0n
          ? { ...entry, refundedCents: entry.refundedCents + 1n }
          : entry,
      ),
    ),
    platform(
      "refund-is-the-same-there",
      "a refund twice",
      each("refund", (entry) =>
        entry.kind === "refund" ? [entry, { ...entry, refundId: `${entry.refundId}-2` }] : [],
      ),
    ),
    platform(
      "money-back-is-there",
      "a refund less",
      each("refund", () => []),
    ),
  ];
}

function ofEvents(o: Everything): Mutation[] {
  const order = by("order");
  return [
    order("events-are-delivered", "an event that nobody gets", [
      "event ",
      `update outbox set state = 2, create_time = now(3) - interval 2 minute
       where order_id = ${idOf(o.paid)} and fact = 'order.v1.paid'`,
    ]),
    by("goods")("events-had-their-effect", "an inbox row less", [
      "event ",
      "delete from inbox where consumer = 'goods_order_v1_refunded' limit 1",
    ]),
    by("order")("events-had-their-effect", "an inbox row less at order", [
      "event ",
      "delete from inbox where consumer = 'order_pay_v1_succeeded' limit 1",
    ]),
    by("user")("effects-had-their-event", "a forged event", [
      "event 5 at user",
      "insert into inbox (event_id, consumer) values (5, 'user_order_v1_paid')",
    ]),
    order("effects-had-their-event", "an outbox row less", [
      "event ",
      `delete from outbox where order_id = ${idOf(o.paid)} and fact = 'order.v1.paid'`,
    ]),
    order("changes-of-orders-are-told", "an event less", [
      `order ${idOf(o.paid)}`,
      `delete from outbox where order_id = ${idOf(o.paid)} and fact = 'order.v1.confirmed'`,
    ]),
    by("pay")("changes-of-payments-are-told", "an event less", [
      `order ${idOf(o.paid)}`,
      `delete from outbox where order_id = ${idOf(o.paid)} and fact = 'pay.v1.succeeded'`,
    ]),
    by("goods")("nothing-is-parked", "a message that waits for a person", [
      "message 5 of goods_order_v1_paid",
      `insert into parked_messages (consumer, message_key, subject, headers, payload, state, attempts, error)
       values ('goods_order_v1_paid', '5', 's', '{}', '', 2, 8, 'no')`,
    ]),
    by("pay")("identifiers-are-unique", "a number for two things", [
      "pay ",
      "update payment_log set log_id = payment_id limit 1",
    ]),
  ];
}
