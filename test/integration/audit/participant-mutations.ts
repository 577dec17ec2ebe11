import type { Everything } from "./everything.ts";
import { idOf, type Mutation, mutationsOf } from "./mutation.ts";

export function ofGoods(o: Everything): Mutation[] {
  const goods = mutationsOf("goods");
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
    goods("order-holds-its-lines", "a cancelled order that returned nothing", [
      `order ${idOf(o.cancelled)}, goods`,
      `delete from stock_log where order_id = ${idOf(o.cancelled)} and type = 3`,
    ]),
    goods("order-holds-its-lines", "a refund that returned nothing", [
      `order ${idOf(o.part)}, goods`,
      `delete from stock_log where order_id = ${idOf(o.part)} and type = 4 limit 1`,
    ]),
    goods("reservation-matches-the-log", "a reservation that was released", [
      `order ${idOf(o.paid)}`,
      `update reservations set state = 2 where order_id = ${idOf(o.paid)}`,
    ]),
    goods("reservation-matches-the-log", "a refund without a reservation", [
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

export function ofCoupons(o: Everything): Mutation[] {
  const coupon = mutationsOf("coupon");
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
    coupon("revoked-coupon-is-held-by-no-order", "a coupon that was revoked after its use", [
      `coupon ${o.part.couponId}`,
      `update coupons set status = 4, order_id = 0, used_time = null, revoke_time = now(3)
       where coupon_id = ${o.part.couponId}`,
    ]),
    coupon("order-has-its-coupon", "a coupon that can be used again too soon", [
      `order ${idOf(o.part)}`,
      `update coupons set status = 1, order_id = 0, used_time = null
       where coupon_id = ${o.part.couponId}`,
    ]),
    coupon("redemption-is-held-by-its-order", "a cent more", [
      `order ${idOf(o.part)}`,
      `update coupon_uses set amount_off_cents = amount_off_cents + 1
       where order_id = ${idOf(o.part)}`,
    ]),
    coupon("redemption-is-held-by-its-order", "a whole refund that released nothing", [
      `order ${idOf(o.whole)}`,
      `update coupon_uses set state = 1 where order_id = ${idOf(o.whole)}`,
    ]),
    coupon("coupon-takes-its-discount", "another percentage", [
      `order ${idOf(o.part)}`,
      `update coupons set basis_points_off = basis_points_off + 100
       where coupon_id = ${o.part.couponId}`,
    ]),
    coupon("coupon-takes-its-discount", "another amount", [
      `order ${idOf(o.paid)}`,
      `update coupons set amount_off_cents = amount_off_cents - 1
       where coupon_id = ${o.paid.couponId}`,
    ]),
  ];
}

export function ofUsers(o: Everything): Mutation[] {
  const user = mutationsOf("user");
  const userId = String(o.part.userId);
  return [
    user("balance-is-sum-of-log", "a cent more", [
      `user ${userId}`,
      `update users set balance_cents = balance_cents + 1 where user_id = ${userId}`,
    ]),
    user("balance-log-is-a-chain", "a movement from nowhere", [
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
    user("order-holds-its-balance", "a cancelled order that returned nothing", [
      `order ${idOf(o.cancelled)}`,
      `delete from balance_log where order_id = ${idOf(o.cancelled)} and type = 3`,
    ]),
    user("hold-matches-the-log", "a cent more", [
      `order ${idOf(o.part)}`,
      `update balance_holds set amount_cents = amount_cents + 1 where order_id = ${idOf(o.part)}`,
    ]),
    user("balance-returns-are-refunds", "a refund twice", [
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
    user("points-are-logged-once", "an award twice", [
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
