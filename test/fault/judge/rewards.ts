import { retry } from "../../../ops/command/retry.ts";
import type { Market } from "../load/market.ts";
import { doneRefunds, type Facts, type OrderRow, STATUS, UNPAID } from "./facts.ts";
import type { Findings } from "./findings.ts";

const UNUSED = 1;
const USED = 2;
const UNIT_CENTS = 100n;
/** POINTS_PER_UNIT of the system's programs. */
const POINTS = 1n;

/**
 * Judges that each coupon belongs to the one order that spends it, or is free. Derived from the
 * orders alone, without the coupon service's records.
 */
export function judgeCoupons(facts: Facts, findings: Findings): void {
  const spending = Map.groupBy([...facts.orders.values()].filter(spendsCoupon), (o) => o.coupon_id);
  for (const { coupon_id: couponId, status, order_id: usedBy } of facts.coupons.values()) {
    const [order, ...others] = spending.get(couponId) ?? [];
    for (const other of others) {
      findings.doubled.push(
        `coupon ${couponId} is spent by orders ${order?.order_id} and ${other.order_id}`,
      );
    }
    if (order && (status !== USED || usedBy !== order.order_id)) {
      findings.doubled.push(
        `coupon ${couponId} is spent by order ${order.order_id}, but can be spent again`,
      );
    }
    if (!order && status !== UNUSED) {
      findings.lost.push(`coupon ${couponId} is used for order ${usedBy}, which does not spend it`);
    }
  }
}

/** An order that was refunded in full has returned its coupon. */
function spendsCoupon({ coupon_id, order_status }: OrderRow): boolean {
  const spending: number[] = [STATUS.CONFIRMED, STATUS.COMPLETED];
  return coupon_id !== 0n && spending.includes(order_status);
}

/**
 * Judges that users have the points of their paid orders less refunds, derived from the orders
 * alone.
 */
export async function judgePoints(market: Market, facts: Facts, findings: Findings): Promise<void> {
  const refunds = doneRefunds(facts);
  const earned = new Map<bigint, bigint>();
  for (const order of facts.orders.values()) {
    if (order.pay_status === UNPAID) continue;
    const back = (refunds.get(order.order_id) ?? []).reduce(
      (sum, one) => sum + one.spent_cents,
      0n,
    );
    const points =
      ((order.order_amount_cents - order.coupon_paid_cents - back) / UNIT_CENTS) * POINTS;
    earned.set(order.user_id, (earned.get(order.user_id) ?? 0n) + points);
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
