import { type Group, HELD, RETURNED, type Scope } from "./rule.ts";

const USED = 2;
const REVOKED = 4;
/**
 * SQL: whether order o spends its coupon: it is confirmed or completed, and no refund of its last
 * goods has succeeded. Another refund of the order may still be under way then.
 */
const spends = ({ order }: Scope) => `(o.order_status in (2, 4) and not exists (
  select 1 from ${order}.refunds r where r.order_id = o.order_id and r.whole = 1 and ${RETURNED}))`;

/** A coupon is used exactly while the order that names it is confirmed or completed. */
export const couponRules: Group = {
  name: "coupon",
  rules: [
    {
      name: "used-coupon-has-its-order",
      says: "a used coupon names an order of its user that is confirmed with it",
      sql: (scope) => `select concat('coupon ', c.coupon_id) as item,
          c.order_id as orderId, o.order_status as status
        from ${scope.coupon}.coupons c left join ${scope.order}.orders o on o.order_id = c.order_id
        where c.status = ${USED} and not coalesce(${spends(scope)}
          and o.coupon_id = c.coupon_id and o.user_id = c.user_id, false)`,
      describe: ({ orderId, status }) =>
        `is used by order ${orderId}, which is in status ${status}`,
    },
    {
      name: "revoked-coupon-is-held-by-no-order",
      says: "no order holds a revoked coupon",
      sql: ({ coupon }) => `select concat('coupon ', c.coupon_id) as item,
          u.order_id as orderId
        from ${coupon}.coupons c join ${coupon}.coupon_uses u
          on u.coupon_id = c.coupon_id and u.state = ${HELD}
        where c.status = ${REVOKED}`,
      describe: ({ orderId }) => `is revoked, and order ${orderId} holds it`,
    },
    {
      name: "order-has-its-coupon",
      says: "the coupon of a confirmed order is used, by that order",
      sql: (scope) => `select concat('order ', o.order_id) as item, o.order_id as orderId,
          o.coupon_id as couponId, c.status, c.order_id as usedBy
        from ${scope.order}.orders o left join ${scope.coupon}.coupons c
          on c.coupon_id = o.coupon_id
        where ${spends(scope)} and o.coupon_id <> 0
          and not coalesce(c.status = ${USED} and c.order_id = o.order_id, false)`,
      describe: ({ couponId, status, usedBy }) =>
        `has coupon ${couponId}, which is in status ${status} and used by ${usedBy}`,
    },
    {
      name: "redemption-is-held-by-its-order",
      says: "a redemption is held exactly while its order is confirmed, for the amount that the order has",
      sql: (scope) => `select concat('order ', o.order_id) as item, o.order_id as orderId,
          u.coupon_id as couponId, u.amount_off_cents as off, o.coupon_paid_cents as paid
        from ${scope.order}.orders o left join ${scope.coupon}.coupon_uses u
          on u.order_id = o.order_id and u.state = ${HELD}
        where (${spends(scope)} and o.coupon_id <> 0 and not coalesce(
            u.coupon_id = o.coupon_id and u.amount_off_cents = o.coupon_paid_cents
            and u.goods_amount_cents = o.goods_amount_cents and u.user_id = o.user_id, false))
          or (u.order_id is not null and (not ${spends(scope)} or o.coupon_id = 0))
        union all select concat('order ', u.order_id), u.order_id, u.coupon_id, u.amount_off_cents, null
        from ${scope.coupon}.coupon_uses u left join ${scope.order}.orders o
          on o.order_id = u.order_id
        where u.state = ${HELD} and o.order_id is null`,
      describe: ({ couponId, off, paid }) =>
        `holds coupon ${couponId} for ${off} cents, but has ${paid} cents paid by coupon`,
    },
    {
      name: "coupon-takes-its-discount",
      says: "the amount that a coupon took off follows from its discount and the goods amount",
      sql: ({ coupon }) => `select concat('order ', u.order_id) as item, u.order_id as orderId,
          u.coupon_id as couponId, u.amount_off_cents as off
        from ${coupon}.coupon_uses u left join ${coupon}.coupons c on c.coupon_id = u.coupon_id
        where u.state = ${HELD} and not coalesce(u.amount_off_cents = least(u.goods_amount_cents,
          if(c.basis_points_off = 0, c.amount_off_cents, least(
            (cast(u.goods_amount_cents as decimal(30)) * c.basis_points_off) div 10000,
            if(c.maximum_off_cents = 0, u.goods_amount_cents, c.maximum_off_cents)))), false)`,
      describe: ({ couponId, off }) =>
        `got ${off} cents off by coupon ${couponId}, whose discount gives another amount`,
    },
  ],
};
