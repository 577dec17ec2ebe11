import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import type { Holder, Sold } from "../../domain/order.ts";
import { STEP_TIMEOUT_MS } from "../../limits.ts";
import type { Parts } from "../parts.ts";
import { type Placing, usesBalance } from "./placing.ts";

/** What a participant answers for one order; undefined if it holds what the order needs. */
type Answer = Refusal | Outage | undefined;

/**
 * Makes the participants hold what the orders need, with one call to each, and records the answers
 * in `placing`: holders, coupon amounts and refusals. Never rejects for a participant's failure.
 *
 * Orders that goods refused need no coupon and no balance, so coupon and user are called after
 * goods. For an order without balance, user only checks that the user exists, which needs no wait.
 */
export async function callParticipants(parts: Parts, placing: Placing[]): Promise<void> {
  const spending = placing.filter(usesBalance);
  const others = placing.filter((one) => !usesBalance(one));
  const [stock, users] = await Promise.all([
    reserveStock(parts, placing),
    holdBalance(parts, others),
  ]);
  for (const [index, one] of placing.entries()) {
    const answer = stock[index];
    const refused = answer instanceof Refusal || answer instanceof Outage;
    if (answer && !refused) one.sold = answer;
    record(one, "goods", refused ? answer : undefined);
  }
  recordAll(others, "user", users);
  const unrefused = spending.filter((one) => !one.refusal);
  const [, balances] = await Promise.all([
    redeemCoupons(parts, placing),
    holdBalance(parts, unrefused),
  ]);
  recordAll(unrefused, "user", balances);
}

function reserveStock(
  parts: Parts,
  placing: Placing[],
): Promise<(Refusal | Outage | ReadonlyMap<bigint, Sold>)[]> {
  return call(placing, "goods", (deadlineMs) =>
    parts.goods.reserve(
      placing.map(({ planned }) => ({ orderId: planned.orderId, lines: planned.lines })),
      { deadlineMs },
    ),
  );
}

/** A hold of 0 cents checks that the user exists. */
function holdBalance(parts: Parts, placing: Placing[]): Promise<Answer[]> {
  return call(placing, "user", (deadlineMs) =>
    parts.user.hold(
      placing.map(({ planned }) => ({
        orderId: planned.orderId,
        userId: planned.userId,
        amountCents: planned.balanceCents,
      })),
      { deadlineMs },
    ),
  );
}

async function redeemCoupons(parts: Parts, placing: Placing[]): Promise<void> {
  const redeeming = placing.filter((one) => !one.refusal && one.planned.couponId !== 0n);
  const answers = await call(redeeming, "coupon", (deadlineMs) =>
    parts.coupon.redeem(
      redeeming.map(({ planned }) => ({
        orderId: planned.orderId,
        couponId: planned.couponId,
        userId: planned.userId,
        goodsAmountCents: planned.goodsAmountCents,
      })),
      { deadlineMs },
    ),
  );
  for (const [index, one] of redeeming.entries()) {
    const answer = answers[index];
    if (typeof answer === "bigint") {
      one.couponPaidCents = answer;
      one.held.add("coupon");
    } else {
      record(one, "coupon", answer);
    }
  }
}

/**
 * Makes one call for all orders, or none for no orders. It lasts until the latest deadline of the
 * callers, but at most STEP_TIMEOUT_MS. If it fails, each order gets the Outage.
 */
async function call<T>(
  placing: Placing[],
  service: Holder,
  request: (deadlineMs: number) => Promise<T[]>,
): Promise<(T | Outage)[]> {
  if (placing.length === 0) return [];
  const lastDeadlineMs = Math.max(...placing.map(({ entry }) => entry.deadlineMs));
  try {
    const answers = await request(Math.min(Date.now() + STEP_TIMEOUT_MS, lastDeadlineMs));
    if (answers.length !== placing.length) {
      throw new Error(`${service} answered ${answers.length} of ${placing.length} orders`);
    }
    return answers;
  } catch (error) {
    const outage =
      error instanceof Outage ? error : new Outage(`${service} failed`, { cause: error });
    return placing.map(() => outage);
  }
}

function recordAll(placing: Placing[], holder: Holder, answers: Answer[]): void {
  for (const [index, one] of placing.entries()) record(one, holder, answers[index]);
}

/** A participant that refused holds nothing; one that did not answer may hold something. */
function record(one: Placing, holder: Holder, answer: Answer): void {
  if (answer instanceof Refusal) {
    one.refusal ??= answer;
    return;
  }
  if (answer instanceof Outage && !one.refusal) {
    one.refusal = new Refusal(Reason.DEPENDENCY_UNAVAILABLE, { service: holder });
    one.refusal.cause = answer;
  }
  if (holder !== "user" || usesBalance(one)) one.held.add(holder);
}
