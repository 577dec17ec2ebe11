import { Checks } from "#platform/values/checks.ts";
import { sumByUser } from "./user.ts";

/** Cents of one full unit of the currency. */
const UNIT_CENTS = 100n;

/** A paid order. Its points are computed from `spentCents`. */
export type PaidOrder = { orderId: bigint; userId: bigint; spentCents: bigint };

/** A change of what an order spent: positive for the payment (refund 0), negative for a refund. */
export type Spending = PaidOrder & { refundId: bigint };

/** A row of the point log as the store writes it. */
export type PointEntry = Spending & { points: bigint; pointsPerUnit: bigint };

/** A row of the point log as its user reads it. The refund is 0 for the payment. */
export type PointLogEntry = {
  logId: bigint;
  userId: bigint;
  orderId: bigint;
  points: bigint;
  refundId: bigint;
  logTime: Date;
};

/** Throws Refusal(INVALID_ARGUMENT) for an event whose numbers are out of range. */
export function checkPaidOrder(order: PaidOrder): void {
  const checks = new Checks();
  checks.identifier("order_id", order.orderId);
  checks.identifier("user_id", order.userId);
  checks.cents("spent_cents", order.spentCents);
  checks.throwIfAny();
}

/** The points of an order in all: `pointsPerUnit` for each full unit spent, rounded towards -∞. */
export function pointsFor(spentCents: bigint, pointsPerUnit: bigint): bigint {
  const rest = ((spentCents % UNIT_CENTS) + UNIT_CENTS) % UNIT_CENTS;
  return ((spentCents - rest) / UNIT_CENTS) * pointsPerUnit;
}

/**
 * The rows that record these changes in the point log. A row has the points by which the order's
 * total changes, so the rows of an order add up to the points of what it spent in all, in
 * whichever order the changes arrive; a refund that overtakes the payment takes points first.
 * Changes that the log already has, repetitions and changes of 0 are left out. All rows of an order
 * use the rate of the first one, so that a refund takes back exactly what was given.
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

/** The change of each user's points, ordered by user id. */
export function pointChanges(entries: readonly PointEntry[]): Map<bigint, bigint> {
  return sumByUser(entries, ({ points }) => points);
}
