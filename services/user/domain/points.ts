import { Checks } from "#platform/values/checks.ts";
import { isKnownCurrency, minorUnitsOf } from "#platform/values/currencies.ts";
import { sumByUser } from "./user.ts";

/** How an order earns points: so many for each full unit, which has so many minor units. */
export type PointRate = { pointsPerUnit: bigint; unitCents: bigint };

/** What an order was placed with, as its events say. Unset in events older than these fields. */
export type OrderTerms = {
  pointsPerUnit?: bigint | undefined;
  currencyCode?: string | undefined;
};

/** A paid order. Its points are computed from `spentCents`. */
export type PaidOrder = { orderId: bigint; userId: bigint; spentCents: bigint } & OrderTerms;

/** Points for a unit that an event may carry: far above what the setting allows. */
const MAX_POINTS_PER_UNIT = 1_000_000n;

/** A change of what an order spent: positive for the payment (refund 0), negative for a refund. */
export type Spending = PaidOrder & { refundId: bigint };

/** A row of the point log as the store writes it. */
export type PointEntry = Omit<Spending, keyof OrderTerms> & PointRate & { points: bigint };

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
  checkTerms(checks, order);
  checks.throwIfAny();
}

/** Adds a violation for each term of an event that no order can have been placed with. */
export function checkTerms(checks: Checks, { pointsPerUnit, currencyCode }: OrderTerms): void {
  const bounds = { min: 0n, max: MAX_POINTS_PER_UNIT };
  if (pointsPerUnit !== undefined) checks.integer("points_per_unit", pointsPerUnit, bounds);
  const known = currencyCode === undefined || isKnownCurrency(currencyCode);
  checks.that("currency_code", known, "must be a currency of ISO 4217");
}

/** The points of an order in all: `pointsPerUnit` for each full unit spent, rounded towards -∞. */
export function pointsFor(spentCents: bigint, { pointsPerUnit, unitCents }: PointRate): bigint {
  const rest = ((spentCents % unitCents) + unitCents) % unitCents;
  return ((spentCents - rest) / unitCents) * pointsPerUnit;
}

/**
 * The rows that record these changes in the point log. A row has the points by which the order's
 * total changes, so the rows of an order add up to the points of what it spent in all, in
 * whichever order the changes arrive; a refund that overtakes the payment takes points first.
 * Changes that the log already has, repetitions and changes of 0 are left out. All rows of an order
 * use the rate of the first one, so that a refund takes back exactly what was given. That rate is
 * what the order was placed with; `shopRate` has what an older event leaves out.
 */
export function decidePoints(
  changes: readonly Spending[],
  log: readonly PointEntry[],
  shopRate: PointRate,
): PointEntry[] {
  const orders = new Map<bigint, { spent: bigint; rate: PointRate; refunds: Set<bigint> }>();
  const add = ({ orderId, refundId, spentCents }: Spending, rate: PointRate) => {
    const order = orders.get(orderId) ?? { spent: 0n, rate, refunds: new Set() };
    order.spent += spentCents;
    orders.set(orderId, order);
    order.refunds.add(refundId);
  };
  for (const entry of log) add(entry, entry);
  return changes.flatMap((change) => {
    const before = orders.get(change.orderId);
    if (change.spentCents === 0n || before?.refunds.has(change.refundId)) return [];
    const { spent, rate } = before ?? { spent: 0n, rate: rateOf(change, shopRate) };
    const points = pointsFor(spent + change.spentCents, rate) - pointsFor(spent, rate);
    add(change, rate);
    const { orderId, userId, refundId, spentCents } = change;
    const { pointsPerUnit, unitCents } = rate;
    return [{ orderId, userId, refundId, spentCents, points, pointsPerUnit, unitCents }];
  });
}

function rateOf({ pointsPerUnit, currencyCode }: OrderTerms, shopRate: PointRate): PointRate {
  return {
    pointsPerUnit: pointsPerUnit ?? shopRate.pointsPerUnit,
    unitCents: currencyCode === undefined ? shopRate.unitCents : minorUnitsOf(currencyCode),
  };
}

/** The change of each user's points, ordered by user id. */
export function pointChanges(entries: readonly PointEntry[]): Map<bigint, bigint> {
  return sumByUser(entries, ({ points }) => points);
}
