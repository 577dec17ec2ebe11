import { Checks } from "#platform/values/checks.ts";

/** Cents of one full unit of the currency. */
const UNIT_CENTS = 100n;

/** An order that was paid; what was spent is the base of its points. */
export type PaidOrder = { orderId: bigint; userId: bigint; spentCents: bigint };

/** A change of what counts as spent for an order: up when it was paid (refund 0), down with each refund. */
export type Spending = PaidOrder & { refundId: bigint };

/** A row of the point log. */
export type PointEntry = Spending & { points: bigint; pointsPerUnit: bigint };

export function checkPaidOrder(order: PaidOrder): void {
  const checks = new Checks();
  checks.identifier("order_id", order.orderId);
  checks.identifier("user_id", order.userId);
  checks.cents("spent_cents", order.spentCents);
  checks.throwIfAny();
}

/** What an order earns in all: so many points for each full unit that is spent on it, rounded down, below 0 too. */
export function pointsFor(spentCents: bigint, pointsPerUnit: bigint): bigint {
  const rest = ((spentCents % UNIT_CENTS) + UNIT_CENTS) % UNIT_CENTS;
  return ((spentCents - rest) / UNIT_CENTS) * pointsPerUnit;
}

/**
 * The rows by which these changes go into the point log. A row has the points by which the order's total moves, so that
 * the rows of an order always add up to the points of what is spent in all, in whatever order they come; a refund that
 * overtakes the payment takes points first. A change that the log has already, that comes twice, or that is of nothing,
 * is left out. All rows of an order count by the rate of the first one, so that a refund takes back what was given.
 */
export function decidePoints(
  changes: readonly Spending[],
  log: readonly PointEntry[],
  pointsPerUnit: bigint,
): PointEntry[] {
  const orders = new Map<bigint, { spent: bigint; rate: bigint; refunds: Set<bigint> }>();
  const add = ({ orderId, refundId, spentCents }: Spending, rate: bigint) => {
    const order = orders.get(orderId) ?? { spent: 0n, rate, refunds: new Set() };
    order.spent += spentCents;
    orders.set(orderId, order);
    order.refunds.add(refundId);
  };
  for (const entry of log) add(entry, entry.pointsPerUnit);
  return changes.flatMap((change) => {
    const before = orders.get(change.orderId);
    if (change.spentCents === 0n || before?.refunds.has(change.refundId)) return [];
    const { spent, rate } = before ?? { spent: 0n, rate: pointsPerUnit };
    const points = pointsFor(spent + change.spentCents, rate) - pointsFor(spent, rate);
    add(change, rate);
    return [{ ...change, points, pointsPerUnit: rate }];
  });
}

/** What the rows add to each user, in the order of the users. */
export function pointChanges(entries: readonly PointEntry[]): Map<bigint, bigint> {
  const changes = new Map<bigint, bigint>();
  for (const { userId, points } of entries)
    changes.set(userId, (changes.get(userId) ?? 0n) + points);
  return new Map([...changes].sort(([a], [b]) => (a < b ? -1 : 1)));
}
