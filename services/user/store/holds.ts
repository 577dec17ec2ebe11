import type { Transaction } from "#platform/db/database.ts";
import { insertRows, updateRows } from "#platform/db/rows.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import type { RowOf } from "#platform/db/tables.ts";
import { ParticipantState } from "#platform/values/participant.ts";
import { decodeRefusal, encodeRefusal } from "#platform/values/refusal-bytes.ts";
import type { Hold } from "../domain/hold.ts";
import { HOLDS } from "./entities.ts";

const DECISION = HOLDS.pick(
  "orderId",
  "userId",
  "amountCents",
  "returnedCents",
  "state",
  "refusal",
);

/**
 * The holds of these orders, locked in key order until the transaction ends. An order without one
 * is not locked: the primary key refuses the second decision.
 */
export async function lockHolds(
  tx: Transaction,
  orderIds: Iterable<bigint>,
): Promise<Map<bigint, Hold>> {
  const rows = await selectByIds<RowOf<typeof DECISION>>(
    tx,
    `select ${DECISION.sql} from balance_holds force index (primary)
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

/** The properties that a decision sets. */
const DECIDED = ["userId", "amountCents", "returnedCents", "state", "refusal"] as const;

/**
 * Inserts holds of orders without one. If another transaction has decided one of them in the
 * meantime, that is a DuplicateKey, and `transact` runs its work again.
 */
export async function insertHolds(tx: Transaction, holds: readonly Hold[]): Promise<void> {
  await insertRows(tx, HOLDS, ["orderId", ...DECIDED], rowsOf(holds));
}

/** Writes holds that this transaction has locked in the given state. */
export async function updateHolds(
  tx: Transaction,
  holds: readonly Hold[],
  state: ParticipantState,
): Promise<void> {
  if (holds.length === 0) return;
  const options = { key: "orderId", set: DECIDED, where: { state } } as const;
  const matched = await updateRows(tx, HOLDS, options, rowsOf(holds));
  if (matched !== holds.length) {
    throw new Error(`${matched} of ${holds.length} locked holds were in state ${state}`);
  }
}

/** Releases holds in the states HELD and EARLY that this transaction has locked. */
export async function releaseHolds(tx: Transaction, orderIds: readonly bigint[]): Promise<void> {
  if (orderIds.length === 0) return;
  const { HELD, EARLY, RELEASED } = ParticipantState;
  const rows = orderIds.map((orderId) => ({ orderId, state: RELEASED }));
  const where = { state: [HELD, EARLY] };
  const matched = await updateRows(tx, HOLDS, { key: "orderId", set: ["state"], where }, rows);
  if (matched !== rows.length) {
    throw new Error(`${matched} of ${rows.length} locked holds were in state HELD or EARLY`);
  }
}

function rowsOf(holds: readonly Hold[]) {
  return holds
    .toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))
    .map((row) => ({ ...row, refusal: row.refusal && encodeRefusal(row.refusal) }));
}
