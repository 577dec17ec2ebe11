import type { Transaction } from "#platform/db/database.ts";
import { Checks } from "#platform/values/checks.ts";
import type { Refusal } from "#platform/values/refusal.ts";
import {
  answerFrom,
  type CouponUse,
  decideUses,
  type UseOutcome,
  type UseRecord,
  UseState,
  useFault,
} from "../domain/coupon-use.ts";
import { MAX_USES } from "../limits.ts";
import { insertUses, lockUses } from "../store/coupon-uses.ts";
import { lockCoupons, spendCoupons } from "../store/coupons.ts";
import type { Parts } from "./parts.ts";

/**
 * Spends the coupons of many orders in one transaction and answers each order by itself, in the order asked. What was
 * decided for an order is decided for ever: asked again it gets the same answer, or ORDER_CLOSED once it was released.
 * A malformed entry is refused and leaves no record.
 */
export async function useCoupons(
  { database }: Parts,
  uses: readonly CouponUse[],
): Promise<UseOutcome[]> {
  const checks = new Checks();
  checks.count("uses", uses, { min: 1, max: MAX_USES });
  checks.throwIfAny();

  const malformed = new Map<CouponUse, Refusal>();
  const firstByOrder = new Map<bigint, CouponUse>();
  for (const [index, use] of uses.entries()) {
    const refusal = useFault(use, `uses[${index}]`);
    if (refusal) malformed.set(use, refusal);
    else if (!firstByOrder.has(use.orderId)) firstByOrder.set(use.orderId, use);
  }

  const wellFormed = [...firstByOrder.values()];
  const records =
    wellFormed.length === 0
      ? new Map<bigint, UseRecord>()
      : await database.transact("use-coupons", (tx) => decideOnce(tx, wellFormed));

  return uses.map((use) => {
    const refusal = malformed.get(use);
    if (refusal) return { orderId: use.orderId, amountOffCents: 0n, refusal };
    const record = records.get(use.orderId);
    if (record === undefined) throw new Error(`Order ${use.orderId} was not decided.`);
    return answerFrom(record, use);
  });
}

/** The records of these orders: the ones that exist, and new ones for the rest. */
async function decideOnce(
  tx: Transaction,
  uses: readonly CouponUse[],
): Promise<Map<bigint, UseRecord>> {
  const records = await lockUses(
    tx,
    uses.map(({ orderId }) => orderId),
  );
  const undecided = uses.filter(({ orderId }) => !records.has(orderId));
  if (undecided.length === 0) return records;

  const { coupons, now } = await lockCoupons(
    tx,
    undecided.map(({ couponId }) => couponId),
  );
  const decided = decideUses(undecided, coupons, now);
  await spendCoupons(
    tx,
    decided.filter(({ state }) => state === UseState.held),
    now,
  );
  await insertUses(tx, decided);
  for (const record of decided) records.set(record.orderId, record);
  return records;
}
