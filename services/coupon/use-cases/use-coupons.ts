import type { Transaction } from "#platform/db/database.ts";
import { Checks } from "#platform/values/checks.ts";
import { firstByKey, ParticipantState } from "#platform/values/participant.ts";
import { decideRedemptions } from "../domain/redeem.ts";
import {
  outcomeOf,
  type Redemption,
  type RedemptionOutcome,
  type RedemptionRequest,
  requestFault,
} from "../domain/redemption.ts";
import { MAX_USES } from "../limits.ts";
import { lockCoupons, spendCoupons } from "../store/coupons.ts";
import { insertRedemptions, lockRedemptions } from "../store/redemptions.ts";
import type { Parts } from "./parts.ts";

/**
 * Spends the coupons of many orders in one transaction and answers each order separately, in the
 * order of the requests. An order is decided once: a repeated request gets the same answer, or
 * ORDER_CLOSED once the order was released. A malformed request is refused and leaves no row.
 * Throws Refusal(INVALID_ARGUMENT) for a call that is empty or too large.
 */
export async function useCoupons(
  { database }: Parts,
  requests: readonly RedemptionRequest[],
): Promise<RedemptionOutcome[]> {
  const checks = new Checks();
  checks.count("uses", requests, { min: 1, max: MAX_USES });
  checks.throwIfAny();

  const faults = requests.map((request, index) => requestFault(request, `uses[${index}]`));
  const wellFormed = requests.filter((_, index) => !faults[index]);
  const first = firstByKey(wellFormed, ({ orderId }) => orderId);
  const redemptions =
    first.size === 0
      ? new Map<bigint, Redemption>()
      : await database.transact("use-coupons", (tx) => redeem(tx, [...first.values()]));

  return requests.map((request, index) => {
    const { orderId } = request;
    const refusal = faults[index];
    if (refusal) return { orderId, amountOffCents: 0n, refusal };
    const redemption = redemptions.get(orderId);
    if (!redemption) throw new Error(`order ${orderId} was not decided with its batch`);
    return outcomeOf(redemption, request);
  });
}

/** The redemptions of these orders: those that exist, and new ones for the other orders. */
async function redeem(
  tx: Transaction,
  requests: readonly RedemptionRequest[],
): Promise<Map<bigint, Redemption>> {
  const redemptions = await lockRedemptions(
    tx,
    requests.map(({ orderId }) => orderId),
  );
  const undecided = requests.filter(({ orderId }) => !redemptions.has(orderId));
  if (undecided.length === 0) return redemptions;

  const { coupons, now } = await lockCoupons(
    tx,
    undecided.map(({ couponId }) => couponId),
  );
  const decided = decideRedemptions(undecided, { coupons, now });
  await spendCoupons(
    tx,
    decided.filter(({ state }) => state === ParticipantState.HELD),
    now,
  );
  await insertRedemptions(tx, decided);
  for (const redemption of decided) redemptions.set(redemption.orderId, redemption);
  return redemptions;
}
