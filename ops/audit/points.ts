import { EXPONENTS, minorUnitsOf } from "#platform/values/currencies.ts";
import { differing, type Group, POINTS_BASE, RETURNED } from "./rule.ts";

/** SQL: the minor units of one full unit of an order's currency; null for an order without one. */
const UNIT = `case ${[0, 2, 3, 4].map(unitsWith).join(" ")} end`;

function unitsWith(exponent: number): string {
  const codes = [...EXPONENTS].filter(([, places]) => places === exponent).map(([code]) => code);
  return `when o.currency_code in ('${codes.join("', '")}') then ${10 ** exponent}`;
}

/** Points are what paid orders earned, less what refunds took back. */
export const pointRules: Group = {
  name: "points",
  rules: [
    {
      name: "points-are-sum-of-log",
      says: "a user's points are the sum of the point log",
      sql: ({ user }) =>
        differing({
          keys: ["user_id"],
          left: [`select user_id, points as n from ${user}.users`],
          right: [`select user_id, sum(points) as n from ${user}.point_log group by user_id`],
          item: "concat('user ', user_id)",
          orderId: false,
        }),
      describe: ({ a, b }) => `has ${a} points, but the log adds up to ${b}`,
    },
    {
      // An order older than its rate or its currency has what the log says. Without a log row the rate
      // is unknown, so the order must earn nothing at any rate.
      name: "order-earned-its-points",
      says: "a paid order earned its points less those of its refunds, and no other order earned any",
      sql: ({
        user,
        order,
        currency,
      }) => `select item, orderId, points, rate, floor(spent / unit) as units
        from (
          select concat('order ', order_id) as item, order_id as orderId, sum(points) as points,
            sum(spent) as spent, coalesce(max(rate), 1) as rate,
            coalesce(max(unit), max(logged), ${minorUnitsOf(currency)}) as unit
          from (
            select order_id, user_id, 0 as points, order_amount_cents - coupon_paid_cents as spent,
              points_per_unit as rate, ${UNIT} as unit, null as logged
            from ${order}.orders o where pay_status <> 1
            union all
            select r.order_id, o.user_id, 0, -${POINTS_BASE}, o.points_per_unit, ${UNIT}, null
            from ${order}.refunds r join ${order}.orders o on o.order_id = r.order_id
            where ${RETURNED} and r.late_payment_id is null
            union all
            select order_id, user_id, points, 0, points_per_unit, null, unit_cents
            from ${user}.point_log
          ) x group by order_id, user_id
        ) y where points <> floor(spent / unit) * rate`,
      describe: ({ points, units, rate }) =>
        `earned ${points} points for ${units} full units at a rate of ${rate}`,
    },
    {
      name: "points-are-logged-once",
      says: "the point log has the payment of an order and each finished refund once",
      sql: ({ user, order }) =>
        differing({
          keys: ["order_id", "refund_id"],
          left: [
            `select order_id, 0 as refund_id, 1 as n from ${order}.orders
             where pay_status <> 1 and order_amount_cents - coupon_paid_cents >= 100`,
            `select r.order_id, r.refund_id, 1 as n from ${order}.refunds r
             where ${RETURNED} and r.late_payment_id is null and ${POINTS_BASE} >= 100`,
          ],
          right: [
            `select p.order_id, p.refund_id, 1 as n from ${user}.point_log p
             where abs(p.spent_cents) >= 100`,
          ],
          item: "concat('order ', order_id, ', refund ', refund_id)",
        }),
      describe: ({ a, b }) => `is ${b} times in the point log instead of ${a}`,
    },
    {
      name: "points-never-negative",
      says: "refunds of an order take back no more points than it earned",
      sql: ({ user }) => `select concat('order ', order_id) as item, order_id as orderId,
          sum(points) as points from ${user}.point_log group by order_id having sum(points) < 0`,
      describe: ({ points }) => `earned ${points} points in all`,
    },
  ],
};
