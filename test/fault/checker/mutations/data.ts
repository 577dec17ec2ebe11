import type { DataMutation } from "../mutation.ts";

const PAID = "order_status in (2, 4, 5) and pay_status <> 1 and pay_amount_cents > 0";
const PAY_REFUND =
  "payment_id, order_id, amount_cents, status, attempt, tries, next_try, finish_time";

/** Changes to the data of a working shop, past its rules. */
export const DATA_MUTATIONS: DataMutation[] = [
  {
    name: "inbox-row-deleted",
    what: "a row of the inbox is deleted",
    tables: [["goods", "inbox"]],
    change: [["goods", "delete from inbox where consumer = 'goods_order_v1_cancelled' limit 1"]],
    caughtBy: /^broken: events-are-handled: event \d+ at goods/,
  },
  {
    name: "cent-added",
    what: "a cent is added to an order's amount to pay",
    tables: [["order", "orders"]],
    change: [
      ["order", `update orders set pay_amount_cents = pay_amount_cents + 1 where ${PAID} limit 1`],
    ],
    caughtBy: /^broken: amounts-add-up: order/,
  },
  {
    name: "refund-doubled",
    what: "pay has a refund twice",
    tables: [["pay", "refunds"]],
    change: [
      [
        "pay",
        `insert into refunds (refund_id, ${PAY_REFUND})
         select 5, ${PAY_REFUND} from refunds where status = 2 limit 1`,
      ],
    ],
    caughtBy: /^broken: refund-is-the-same-in-pay: order/,
  },
  {
    name: "history-row-deleted",
    what: "an entry of an order's history is deleted",
    tables: [["order", "order_history"]],
    change: [["order", "delete from order_history where version = 2 limit 1"]],
    caughtBy: /^broken: history-has-every-version: order/,
  },
  {
    name: "provider-refunded-more",
    what: "the provider refunded a cent without a request",
    tables: [],
    change: [],
    provider: {
      change: `update payments set refunded_cents = refunded_cents + 1 where trade_id =
        (select min(trade_id) from payments where state = 'paid' and refunded_cents < amount_cents)`,
      undo: `update payments set refunded_cents = refunded_cents - 1 where trade_id =
        (select min(trade_id) from payments where state = 'paid' and refunded_cents < amount_cents)`,
    },
    caughtBy: /^broken: refunded-amount-is-at-the-provider: payment/,
  },
  {
    name: "order-gone",
    what: "an acknowledged order is deleted without a trace",
    tables: [
      ["order", "orders"],
      ["order", "order_lines"],
      ["order", "order_history"],
      ["order", "outbox"],
    ],
    change: ["order_lines", "order_history", "outbox"]
      .map((table): ["order", string] => [
        "order",
        `delete from ${table} where order_id =
           (select min(order_id) from orders where order_status = 2 and pay_status = 1)`,
      ])
      .concat([
        [
          "order",
          "delete from orders where order_status = 2 and pay_status = 1 order by order_id limit 1",
        ],
      ]),
    caughtBy: /^lost: order \d+ of \w+ does not exist/,
  },
  {
    name: "line-grows",
    what: "an order has another quantity than was ordered",
    tables: [["order", "order_lines"]],
    change: [
      [
        "order",
        `update order_lines set quantity = quantity + 1 where order_id in
           (select order_id from orders where order_status <> 3) limit 1`,
      ],
    ],
    caughtBy: /^lost: order \d+ differs from what was ordered/,
  },
  {
    name: "money-from-nowhere",
    what: "a user has a top-up that was never paid, in balance and log",
    tables: [
      ["user", "users"],
      ["user", "balance_log"],
    ],
    change: [
      [
        "user",
        `insert into balance_log (log_id, user_id, type, amount_cents, balance_after, request_id)
         select 5, user_id, 1, 1, balance_cents + 1, 'none' from users order by user_id limit 1`,
      ],
      ["user", "update users set balance_cents = balance_cents + 1 order by user_id limit 1"],
    ],
    caughtBy: /^lost: the balance of \d+ is/,
  },
  {
    name: "points-added",
    what: "a user has too many points",
    tables: [["user", "users"]],
    change: [["user", "update users set points = points + 1 limit 1"]],
    caughtBy: /^doubled: the points of \d+ are/,
  },
  {
    name: "coupon-free-again",
    what: "a spent coupon can be spent again",
    tables: [["coupon", "coupons"]],
    change: [
      [
        "coupon",
        "update coupons set status = 1, order_id = 0, used_time = null where status = 2 limit 1",
      ],
    ],
    caughtBy: /^doubled: coupon \d+ is spent by order \d+, but can be spent again/,
  },
  {
    name: "parcel-elsewhere",
    what: "a shipped order has another tracking number",
    tables: [["order", "orders"]],
    change: [
      ["order", "update orders set tracking_number = 'T0' where shipping_status <> 1 limit 1"],
    ],
    caughtBy: /^lost: order \d+ was acknowledged as shipped and is not/,
  },
];
