import { minorUnitsOf } from "#platform/values/currencies.ts";
import { CouponStatus } from "#proto/shop/coupon/v1/coupon_pb.ts";
import { OrderStatus, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { retry } from "../../../ops/command/retry.ts";
import { CURRENCY } from "../../../testbed/system/settings.ts";
import type { Market } from "../load/market.ts";
import { doneRefunds, type Facts, type OrderRow } from "./facts.ts";
import type { Findings } from "./findings.ts";

const UNIT_CENTS = minorUnitsOf(CURRENCY);
/** POINTS_PER_UNIT of the system's programs. */
const POINTS = 1n;

/**
 * Judges that each coupon belongs to the one order that spends it, or is free. Derived from the
 * orders alone, without the coupon service's records.
 */
export function judgeCoupons(facts: Facts, findings: Findings): void {
  const spending = Map.groupBy([...facts.orders.values()].filter(spendsCoupon), (o) => o.couponId);
  for (const { couponId, status, orderId: usedBy } of facts.coupons.values()) {
    const [order, ...others] = spending.get(couponId) ?? [];
    for (const other of others) {
      findings.doubled.push(
        `coupon ${couponId} is spent by orders ${order?.orderId} and ${other.orderId}`,
      );
    }
    if (order && (status !== CouponStatus.USED || usedBy !== order.orderId)) {
      findings.doubled.push(
        `coupon ${couponId} is spent by order ${order.orderId}, but can be spent again`,
      );
    }
    if (!order && status !== CouponStatus.UNUSED) {
      findings.lost.push(`coupon ${couponId} is used for order ${usedBy}, which does not spend it`);
    }
  }
}

/** An order that was refunded in full has returned its coupon. */
function spendsCoupon({ couponId, orderStatus }: OrderRow): boolean {
  const spending: number[] = [OrderStatus.CONFIRMED, OrderStatus.COMPLETED];
  return couponId !== 0n && spending.includes(orderStatus);
}

/**
 * Judges that users have the points of their paid orders less refunds, derived from the orders
 * alone.
 */
export async function judgePoints(market: Market, facts: Facts, findings: Findings): Promise<void> {
  const refunds = doneRefunds(facts);
  const earned = new Map<bigint, bigint>();
  for (const order of facts.orders.values()) {
    if (order.payStatus === PayStatus.UNPAID) continue;
    const back = (refunds.get(order.orderId) ?? []).reduce(
      (sum, one) => sum + one.payAmountCents + one.balanceCents,
      0n,
    );
    const points = ((order.orderAmountCents - order.couponPaidCents - back) / UNIT_CENTS) * POINTS;
    earned.set(order.userId, (earned.get(order.userId) ?? 0n) + points);
  }
  const { admin } = market.system.direct;
  for (const userId of market.userIds) {
    const { user } = await retry(() => admin.user.getUser({ userId }));
    const wanted = earned.get(userId) ?? 0n;
    if (user?.points === wanted) continue;
    const findingsOf = (user?.points ?? 0n) > wanted ? findings.doubled : findings.lost;
    findingsOf.push(`the points of ${userId} are ${user?.points}, not ${wanted}`);
  }
}
