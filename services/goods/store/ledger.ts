import type { Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { insertRows, updateRows } from "#platform/db/statements.ts";
import { decodeRefusal, encodeRefusal } from "#platform/values/refusal-bytes.ts";
import {
  type Decision,
  type Ledger,
  MovementType,
  OrderState,
  type Units,
} from "../domain/stock.ts";

type LedgerRow = { orderId: bigint; state: OrderState; refusal: Uint8Array | null };

/**
 * What was decided for these orders. It takes no lock: an order that it does not have is fenced by the ledger's primary
 * key, which makes the slower of two transactions that decide the same order run again and find it.
 */
export async function readLedger(tx: Transaction, orderIds: readonly bigint[]): Promise<Ledger> {
  return ledgerOf(await selectByIds<LedgerRow>(tx, selectLedger, orderIds));
}

/** The same, with the entries locked, for whoever is going to change them. */
export async function lockLedger(tx: Transaction, orderIds: readonly bigint[]): Promise<Ledger> {
  const sql = `${selectLedger} order by order_id for update`;
  return ledgerOf(await selectByIds<LedgerRow>(tx, sql, orderIds));
}

const selectLedger = `select order_id as orderId, state, refusal from reservations force index (primary)
   where order_id in (?)`;

function ledgerOf(rows: readonly LedgerRow[]): Ledger {
  return new Map(
    rows.map(({ orderId, state, refusal }) => [
      orderId,
      { orderId, state, refusal: refusal ? decodeRefusal(refusal) : undefined },
    ]),
  );
}

/** An order that has been decided meanwhile is a DuplicateKey, and `transact` runs its work again. */
export async function insertDecisions(
  tx: Transaction,
  decisions: readonly Decision[],
): Promise<void> {
  const sorted = decisions.toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1));
  await insertRows(
    tx,
    "reservations",
    sorted.map(({ orderId, state, refusal }) => ({
      order_id: orderId,
      state,
      refusal: refusal ? encodeRefusal(refusal) : null,
    })),
  );
}

/** Decides orders that this transaction has locked and that only had early refunds so far. */
export async function decideEarly(tx: Transaction, decisions: readonly Decision[]): Promise<void> {
  if (decisions.length === 0) return;
  const rows = decisions.map(({ orderId, state, refusal }) => ({
    order_id: orderId,
    state,
    refusal: refusal ? encodeRefusal(refusal) : null,
  }));
  const matched = await updateRows(
    tx,
    {
      table: "reservations",
      key: "order_id",
      set: ["state", "refusal"],
      guard: `t.state = ${OrderState.early}`,
    },
    rows,
  );
  if (matched !== rows.length) throw new Error(`${matched} of ${rows.length} orders were decided`);
}

/** Closes orders whose entries this transaction has locked. */
export async function setReleased(tx: Transaction, orderIds: readonly bigint[]): Promise<void> {
  if (orderIds.length === 0) return;
  await tx.write("update reservations set state = ? where order_id in (?)", [
    OrderState.released,
    orderIds,
  ]);
}

/** What these orders' reservations took. */
export async function readTaken(
  tx: Transaction,
  orderIds: readonly bigint[],
): Promise<Map<bigint, Units>> {
  return readUnits(tx, orderIds, [MovementType.reserve]);
}

/** What these orders still hold: what they took, less what came back by any way. */
export async function readHeld(
  tx: Transaction,
  orderIds: readonly bigint[],
): Promise<Map<bigint, Units>> {
  return readUnits(tx, orderIds, Object.values(MovementType));
}

async function readUnits(
  tx: Transaction,
  orderIds: readonly bigint[],
  types: readonly MovementType[],
): Promise<Map<bigint, Units>> {
  const unitsOf = new Map<bigint, Map<bigint, bigint>>();
  const rows = await selectByIds<{ orderId: bigint; goodsId: bigint; units: bigint }>(
    tx,
    `select order_id as orderId, goods_id as goodsId, cast(-sum(delta) as signed) as units
     from stock_log where order_id in (?) and type in (?)
     group by order_id, goods_id having units > 0`,
    orderIds,
    [types],
  );
  for (const { orderId, goodsId, units } of rows) {
    const ofOrder = unitsOf.get(orderId) ?? new Map<bigint, bigint>();
    unitsOf.set(orderId, ofOrder.set(goodsId, units));
  }
  return unitsOf;
}
