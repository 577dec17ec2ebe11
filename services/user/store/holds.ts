import type { Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { insertRows, updateRows } from "#platform/db/statements.ts";
import { ParticipantState } from "#platform/values/participant.ts";
import { decodeRefusal, encodeRefusal } from "#platform/values/refusal-bytes.ts";
import type { Hold } from "../domain/hold.ts";

type HoldRow = {
  order_id: bigint;
  user_id: bigint;
  amount_cents: bigint;
  returned_cents: bigint;
  state: ParticipantState;
  refusal: Uint8Array | null;
};

/**
 * The holds of these orders, locked in key order until the transaction ends. An order without one
 * is not locked: the primary key refuses the second decision.
 */
export async function lockHolds(
  tx: Transaction,
  orderIds: Iterable<bigint>,
): Promise<Map<bigint, Hold>> {
  const rows = await selectByIds<HoldRow>(
    tx,
    `select order_id, user_id, amount_cents, returned_cents, state, refusal
     from balance_holds force index (primary)
     where order_id in (?) order by order_id for update`,
    orderIds,
  );
  return new Map(rows.map((row) => [row.order_id, holdOf(row)]));
}

/**
 * Inserts holds of orders without one. If another transaction has decided one of them in the
 * meantime, that is a DuplicateKey, and `transact` runs its work again.
 */
export async function insertHolds(tx: Transaction, holds: readonly Hold[]): Promise<void> {
  await insertRows(tx, "balance_holds", rowsOf(holds));
}

/** Writes holds that this transaction has locked in the given state. */
export async function updateHolds(
  tx: Transaction,
  holds: readonly Hold[],
  state: ParticipantState,
): Promise<void> {
  if (holds.length === 0) return;
  const set = ["user_id", "amount_cents", "returned_cents", "state", "refusal"];
  const matched = await updateRows(
    tx,
    { table: "balance_holds", key: "order_id", set, guard: `t.state = ${state}` },
    rowsOf(holds),
  );
  if (matched !== holds.length) {
    throw new Error(`${matched} of ${holds.length} locked holds were in state ${state}`);
  }
}

function rowsOf(holds: readonly Hold[]) {
  return holds
    .toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))
    .map((hold) => ({
      order_id: hold.orderId,
      user_id: hold.userId,
      amount_cents: hold.amountCents,
      returned_cents: hold.returnedCents,
      state: hold.state,
      refusal: hold.refusal && encodeRefusal(hold.refusal),
    }));
}

/** Releases holds in the states HELD and EARLY that this transaction has locked. */
export async function releaseHolds(tx: Transaction, orderIds: readonly bigint[]): Promise<void> {
  if (orderIds.length === 0) return;
  const rows = orderIds.map((orderId) => ({ order_id: orderId, state: ParticipantState.RELEASED }));
  const matched = await updateRows(
    tx,
    {
      table: "balance_holds",
      key: "order_id",
      set: ["state"],
      guard: `t.state in (${ParticipantState.HELD}, ${ParticipantState.EARLY})`,
    },
    rows,
  );
  if (matched !== rows.length) {
    throw new Error(`${matched} of ${rows.length} locked holds were in state HELD or EARLY`);
  }
}

function holdOf(row: HoldRow): Hold {
  return {
    orderId: row.order_id,
    userId: row.user_id,
    amountCents: row.amount_cents,
    returnedCents: row.returned_cents,
    state: row.state,
    refusal: row.refusal ? decodeRefusal(row.refusal) : undefined,
  };
}
