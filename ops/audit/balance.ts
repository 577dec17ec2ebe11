import { differing, EARLY, type Group, HELD, KEPT, RETURNED } from "./rule.ts";

/** Every cent is accounted for: top-ups, less what orders hold, are the balance. */
export const balanceRules: Group = {
  name: "balance",
  rules: [
    {
      name: "balance-is-sum-of-log",
      says: "top-ups, less what orders hold, are the balance",
      sql: ({ user }) =>
        differing({
          keys: ["user_id"],
          left: [`select user_id, balance_cents as n from ${user}.users`],
          right: [
            `select user_id, sum(amount_cents) as n from ${user}.balance_log group by user_id`,
          ],
          item: "concat('user ', user_id)",
          orderId: false,
        }),
      describe: ({ a, b }) => `has a balance of ${a} cents, but the log adds up to ${b}`,
    },
    {
      name: "balance-log-is-a-chain",
      says: "each movement starts from the balance that another one left, and the first from 0",
      sql: ({
        user,
      }) => `select concat('user ', user_id) as item, null as orderId, min(value) as value
        from (
          select x.user_id, x.value,
            sum(x.n) - coalesce(max(x.value = u.balance_cents), 0) + (x.value = 0) as gap
          from (
            select user_id, balance_after as value, 1 as n from ${user}.balance_log
            union all select user_id, balance_after - amount_cents, -1 from ${user}.balance_log
            union all select user_id, balance_cents, 0 from ${user}.users
            union all select user_id, 0, 0 from ${user}.users
          ) x left join ${user}.users u on u.user_id = x.user_id
          group by x.user_id, x.value having gap <> 0
        ) broken group by user_id`,
      describe: ({ value }) => `has a gap in the log at a balance of ${value}`,
    },
    {
      name: "balance-never-negative",
      says: "no balance is below zero, and none ever was",
      sql: ({
        user,
      }) => `select concat('user ', user_id) as item, null as orderId, balance_cents as least
        from ${user}.users where balance_cents < 0
        union all select concat('user ', user_id), null, min(balance_after)
        from ${user}.balance_log where balance_after < 0 group by user_id`,
      describe: ({ least }) => `had a balance of ${least}`,
    },
    {
      name: "order-holds-its-balance",
      says: "a kept order holds the balance it was paid with less what was refunded, and any other order nothing",
      sql: ({ user, order }) =>
        differing({
          keys: ["order_id", "user_id"],
          left: [
            `select order_id, user_id, balance_paid_cents as n from ${order}.orders
             where order_status in ${KEPT} and balance_paid_cents > 0`,
            `select r.order_id, o.user_id, -r.balance_cents as n from ${order}.refunds r
             join ${order}.orders o on o.order_id = r.order_id
             where ${RETURNED} and r.balance_cents > 0`,
          ],
          right: [
            `select order_id, user_id, -amount_cents as n from ${user}.balance_log
             where order_id is not null`,
          ],
          item: "concat('order ', order_id, ', user ', user_id)",
        }),
      describe: ({ a, b }) => `holds ${b} cents instead of ${a}`,
    },
    {
      name: "hold-matches-the-log",
      says: "an order's hold is held exactly while the balance log says that it has balance, and for that amount",
      sql: ({ user }) => `select concat('order ', order_id) as item, order_id as orderId,
          max(state) as state, sum(says) as says, sum(held) as held
        from (
          select order_id, state, if(state = ${HELD}, amount_cents - returned_cents, 0) as says, 0 as held
          from ${user}.balance_holds
          union all select order_id, 0, 0, -sum(amount_cents) from ${user}.balance_log
          where order_id is not null group by order_id
        ) x group by order_id
        having sum(says) <> sum(held) or (max(state) = ${HELD}) <> (sum(held) > 0)
          or max(state) = ${EARLY}`,
      describe: ({ state, says, held }) =>
        Number(state) === EARLY
          ? "has a refund without a hold"
          : `has a hold of ${says} cents in state ${state}, but ${held} cents in the log`,
    },
    {
      name: "balance-returns-are-refunds",
      says: "each refund returns its part to the balance once",
      sql: ({ user, order }) =>
        differing({
          keys: ["order_id", "refund_id"],
          left: [
            `select r.order_id, r.refund_id, r.balance_cents as n from ${order}.refunds r
             where ${RETURNED} and r.balance_cents > 0`,
          ],
          right: [
            `select order_id, refund_id, amount_cents as n from ${user}.balance_log
             where refund_id <> 0`,
          ],
          item: "concat('order ', order_id, ', refund ', refund_id)",
        }),
      describe: ({ a, b }) => `returned ${b} cents to the balance instead of ${a}`,
    },
  ],
};
