import { CAPTURED, DONE, differing, type Group, KEPT, RETURNED } from "./rule.ts";

/**
 * The books of `npm run books` over all time: every account follows from the rows of one service,
 * but the deposits, in which order, pay and user meet. What an order has there is what it waits for.
 */
export const bookRules: Group = {
  name: "books",
  rules: [
    {
      name: "deposits-are-explained",
      says: "money and balance that came in for an order paid for it, went back, or wait for its payment or for a refund",
      sql: ({ order, pay, user }) =>
        differing({
          keys: ["order_id"],
          left: [
            `select order_id, amount_cents as n from ${pay}.payments where status in ${CAPTURED}`,
            `select order_id, -amount_cents as n from ${pay}.refunds where status = ${DONE}`,
            `select order_id, -amount_cents as n from ${user}.balance_log
             where order_id is not null`,
          ],
          right: [
            `select order_id, goods_amount_cents - coupon_paid_cents + shipping_fee_cents as n
             from ${order}.orders where pay_status <> 1`,
            `select order_id, balance_paid_cents as n from ${order}.orders
             where pay_status = 1 and order_status in ${KEPT}`,
            `select order_id, -(spent_cents + shipping_cents) as n from ${order}.refunds r
             where late_payment_id is null and ${RETURNED}`,
            `select order_id, pay_amount_cents as n from ${order}.refunds r
             where status <> ${DONE} and (late_payment_id is not null or ${RETURNED})`,
          ],
          item: "concat('order ', order_id)",
        }),
      describe: ({ a, b }) => `has ${a} cents of money and balance, but ${b} in its books`,
    },
  ],
};
