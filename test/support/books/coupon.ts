import { isKept, type Ledger, type Sql } from "./orders.ts";

const USED = 2;
const HELD = 1;

/** Coupons are used exactly where the order that names them was confirmed, for what that order was told. */
export async function couponDifferences(sql: Sql, orders: Ledger): Promise<string[]> {
  const coupons = await sql<{ couponId: bigint; userId: bigint; status: number; orderId: bigint }>(
    "coupon",
    `select coupon_id as couponId, user_id as userId, status, order_id as orderId from coupons`,
  );
  const uses = await sql<{ orderId: bigint; couponId: bigint; off: bigint }>(
    "coupon",
    `select order_id as orderId, coupon_id as couponId, amount_off_cents as off from coupon_uses where state = ${HELD}`,
  );
  const byId = new Map(coupons.map((coupon) => [coupon.couponId, coupon]));
  const useOf = new Map(uses.map((use) => [use.orderId, use]));
  const found: string[] = [];
  for (const { couponId, userId, status, orderId } of coupons) {
    if (status !== USED) continue;
    const order = orders.get(orderId);
    if (!isKept(order) || order?.couponId !== couponId || order.userId !== userId) {
      found.push(`${couponId} is used by order ${orderId}, which is not confirmed with it`);
    }
  }
  for (const order of orders.values()) {
    const use = useOf.get(order.orderId);
    useOf.delete(order.orderId);
    if (!isKept(order) || order.couponId === 0n) {
      if (use) found.push(`order ${order.orderId} holds ${use.couponId}, and must hold none`);
      continue;
    }
    const coupon = byId.get(order.couponId);
    if (coupon?.status !== USED || coupon.orderId !== order.orderId) {
      found.push(`${order.couponId} is not used by the confirmed order ${order.orderId}`);
    }
    if (use?.couponId !== order.couponId || use.off !== order.couponPaid) {
      found.push(`order ${order.orderId} got ${use?.off} off instead of ${order.couponPaid}`);
    }
  }
  for (const { orderId, couponId } of useOf.values()) {
    found.push(`order ${orderId} holds ${couponId}, and does not exist`);
  }
  return found.map((fault) => `coupon: ${fault}`);
}
