import type { Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { insertRows, updateRows } from "#platform/db/statements.ts";
import { decodeRefusal, encodeRefusal } from "#platform/values/refusal-bytes.ts";
import { type Hold, HoldState } from "../domain/hold.ts";

type HoldRow = {
  order_id: bigint;
  user_id: bigint;
  amount_cents: bigint;
  returned_cents: bigint;
  state: HoldState;
  refusal: Uint8Array | null;
};

/**
 * What was decided for these orders, locked in the order of their ids until the transaction ends. An order that nothing
 * was decided for is not locked: the key refuses the second decision.
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

/** Fails with a duplicate key, and so runs the transaction again, where another one decided an order meanwhile. */
export async function insertHolds(tx: Transaction, holds: readonly Hold[]): Promise<void> {
  await insertRows(tx, "balance_holds", rowsOf(holds));
}

/** Writes how holds are now that this transaction has locked in the given state. */
export async function changeHolds(
  tx: Transaction,
  holds: readonly Hold[],
  from: HoldState,
): Promise<void> {
  if (holds.length === 0) return;
  const set = ["user_id", "amount_cents", "returned_cents", "state", "refusal"];
  const matched = await updateRows(
    tx,
    { table: "balance_holds", key: "order_id", set, guard: `t.state = ${from}` },
    rowsOf(holds),
  );
  if (matched !== holds.length) throw new Error(`${matched} of ${holds.length} holds changed`);
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

/** Marks holds as released; each must be held, or wait for its deduction, and be locked by this transaction. */
export async function releaseHolds(tx: Transaction, orderIds: readonly bigint[]): Promise<void> {
  if (orderIds.length === 0) return;
  const rows = orderIds.map((orderId) => ({ order_id: orderId, state: HoldState.released }));
  const matched = await updateRows(
    tx,
    {
      table: "balance_holds",
      key: "order_id",
      set: ["state"],
      guard: `t.state in (${HoldState.held}, ${HoldState.early})`,
    },
    rows,
  );
  if (matched !== rows.length) throw new Error(`released ${matched} of ${rows.length} holds`);
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
