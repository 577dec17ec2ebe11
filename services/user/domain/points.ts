import { Checks } from "#platform/values/checks.ts";

/** Cents of one full unit of the currency. */
const UNIT_CENTS = 100n;

/** An order that was paid; what was spent is the base of its points. */
export type PaidOrder = { orderId: bigint; userId: bigint; spentCents: bigint };

export type Award = { orderId: bigint; userId: bigint; points: bigint };

export function checkPaidOrder(order: PaidOrder): void {
  const checks = new Checks();
  checks.identifier("order_id", order.orderId);
  checks.identifier("user_id", order.userId);
  checks.cents("spent_cents", order.spentCents);
  checks.throwIfAny();
}

/**
 * The points that these orders earn: `pointsPerUnit` for each full unit of the currency. An order that has its points
 * already, or comes twice, or earns none, is left out.
 */
export function decideAwards(
  orders: readonly PaidOrder[],
  awardedOrders: ReadonlySet<bigint>,
  pointsPerUnit: bigint,
): Award[] {
  const seen = new Set(awardedOrders);
  return orders.flatMap(({ orderId, userId, spentCents }) => {
    const points = (spentCents / UNIT_CENTS) * pointsPerUnit;
    if (points === 0n || seen.has(orderId)) return [];
    seen.add(orderId);
    return [{ orderId, userId, points }];
  });
}

/** What the awards add to each user, in the order of the users. */
export function pointChanges(awards: readonly Award[]): Map<bigint, bigint> {
  const changes = new Map<bigint, bigint>();
  for (const { userId, points } of awards)
    changes.set(userId, (changes.get(userId) ?? 0n) + points);
  return new Map([...changes].sort(([a], [b]) => (a < b ? -1 : 1)));
}
