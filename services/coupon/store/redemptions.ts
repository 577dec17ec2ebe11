import type { Transaction } from "#platform/db/database.ts";
import { insertRows, updateRows } from "#platform/db/rows.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import type { RowOf } from "#platform/db/tables.ts";
import { ParticipantState } from "#platform/values/participant.ts";
import { decodeRefusal, encodeRefusal } from "#platform/values/refusal-bytes.ts";
import type { Redemption } from "../domain/redemption.ts";
import { REDEMPTIONS } from "./entities.ts";

const DECIDED = [
  "orderId",
  "couponId",
  "userId",
  "goodsAmountCents",
  "amountOffCents",
  "state",
  "refusal",
] as const;
const DECISION = REDEMPTIONS.pick(...DECIDED);

/**
 * The redemptions of these orders, locked in key order until the transaction ends. An order without
 * one is not locked: the primary key refuses the second decision.
 */
export async function lockRedemptions(
  tx: Transaction,
  orderIds: Iterable<bigint>,
): Promise<Map<bigint, Redemption>> {
  const rows = await selectByIds<RowOf<typeof DECISION>>(
    tx,
    `select ${DECISION.sql} from coupon_uses force index (primary)
     where order_id in (?) order by order_id for update`,
    orderIds,
  );
  return new Map(
    rows.map((row) => [
      row.orderId,
      { ...row, refusal: row.refusal ? decodeRefusal(row.refusal) : undefined },
    ]),
  );
}

/**
 * Inserts redemptions of orders without one. If another transaction has decided one of them in the
 * meantime, that is a DuplicateKey, and `transact` runs its work again.
 */
export async function insertRedemptions(
  tx: Transaction,
  redemptions: readonly Redemption[],
): Promise<void> {
  const rows = redemptions
    .toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))
    .map((row) => ({ ...row, refusal: row.refusal && encodeRefusal(row.refusal) }));
  await insertRows(tx, REDEMPTIONS, DECIDED, rows);
}

/** Releases held redemptions that this transaction has locked. */
export async function releaseRedemptions(
  tx: Transaction,
  orderIds: readonly bigint[],
): Promise<void> {
  if (orderIds.length === 0) return;
  const rows = orderIds.map((orderId) => ({ orderId, state: ParticipantState.RELEASED }));
  const matched = await updateRows(
    tx,
    REDEMPTIONS,
    { key: "orderId", set: ["state"], where: { state: ParticipantState.HELD } },
    rows,
  );
  if (matched !== rows.length) {
    throw new Error(`${matched} of ${rows.length} locked redemptions were in state HELD`);
  }
}
