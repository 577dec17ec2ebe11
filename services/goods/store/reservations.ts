import type { Transaction } from "#platform/db/database.ts";
import { insertRows, updateRows, updateSql } from "#platform/db/rows.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import type { RowOf } from "#platform/db/tables.ts";
import { ParticipantState } from "#platform/values/participant.ts";
import { decodeRefusal, encodeRefusal } from "#platform/values/refusal-bytes.ts";
import type { Reservation } from "../domain/reservation.ts";
import { RESERVATIONS } from "./entities.ts";

const DECISION = RESERVATIONS.pick("orderId", "state", "refusal");

type ReservationRow = RowOf<typeof DECISION>;

const SELECT = `select ${DECISION.sql} from reservations force index (primary)
  where order_id in (?)`;

/**
 * The reservations of these orders, without locks. An order without one is protected by the primary
 * key: the slower of two transactions that decide the same order runs again and finds the row.
 */
export async function readReservations(
  tx: Transaction,
  orderIds: Iterable<bigint>,
): Promise<Map<bigint, Reservation>> {
  return byOrder(await selectByIds<ReservationRow>(tx, SELECT, orderIds));
}

/** The same, with the rows locked in key order until the transaction ends. */
export async function lockReservations(
  tx: Transaction,
  orderIds: Iterable<bigint>,
): Promise<Map<bigint, Reservation>> {
  const sql = `${SELECT} order by order_id for update`;
  return byOrder(await selectByIds<ReservationRow>(tx, sql, orderIds));
}

function byOrder(rows: readonly ReservationRow[]): Map<bigint, Reservation> {
  return new Map(
    rows.map((row) => [
      row.orderId,
      { ...row, refusal: row.refusal ? decodeRefusal(row.refusal) : undefined },
    ]),
  );
}

/**
 * Inserts reservations of orders without one. If another transaction has decided one of them in the
 * meantime, that is a DuplicateKey, and `transact` runs its work again.
 */
export async function insertReservations(
  tx: Transaction,
  reservations: readonly Reservation[],
): Promise<void> {
  await insertRows(tx, RESERVATIONS, ["orderId", "state", "refusal"], rowsOf(reservations));
}

/** Decides orders that this transaction has locked in the state EARLY. */
export async function decideEarlyReservations(
  tx: Transaction,
  reservations: readonly Reservation[],
): Promise<void> {
  if (reservations.length === 0) return;
  const matched = await updateRows(
    tx,
    RESERVATIONS,
    { key: "orderId", set: ["state", "refusal"], where: { state: ParticipantState.EARLY } },
    rowsOf(reservations),
  );
  if (matched !== reservations.length) {
    throw new Error(`${matched} of ${reservations.length} locked reservations were in state EARLY`);
  }
}

/** Releases reservations that this transaction has locked. */
export async function releaseReservations(
  tx: Transaction,
  orderIds: readonly bigint[],
): Promise<void> {
  if (orderIds.length === 0) return;
  const released = { state: ParticipantState.RELEASED };
  await tx.write(updateSql(RESERVATIONS, released, { orderId: orderIds }));
}

function rowsOf(reservations: readonly Reservation[]) {
  return reservations
    .toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))
    .map((row) => ({ ...row, refusal: row.refusal && encodeRefusal(row.refusal) }));
}
