import type { Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { insertRows, updateRows } from "#platform/db/statements.ts";
import { ParticipantState } from "#platform/values/participant.ts";
import { decodeRefusal, encodeRefusal } from "#platform/values/refusal-bytes.ts";
import type { Reservation } from "../domain/reservation.ts";

type ReservationRow = {
  orderId: bigint;
  state: ParticipantState;
  refusal: Uint8Array | null;
};

const SELECT = `select order_id as orderId, state, refusal
  from reservations force index (primary) where order_id in (?)`;

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
    rows.map(({ orderId, state, refusal }) => [
      orderId,
      { orderId, state, refusal: refusal ? decodeRefusal(refusal) : undefined },
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
  await insertRows(tx, "reservations", rowsOf(reservations));
}

/** Decides orders that this transaction has locked in the state EARLY. */
export async function decideEarlyReservations(
  tx: Transaction,
  reservations: readonly Reservation[],
): Promise<void> {
  if (reservations.length === 0) return;
  const matched = await updateRows(
    tx,
    {
      table: "reservations",
      key: "order_id",
      set: ["state", "refusal"],
      guard: `t.state = ${ParticipantState.EARLY}`,
    },
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
  await tx.write("update reservations set state = ? where order_id in (?)", [
    ParticipantState.RELEASED,
    orderIds,
  ]);
}

function rowsOf(reservations: readonly Reservation[]) {
  return reservations
    .toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))
    .map(({ orderId, state, refusal }) => ({
      order_id: orderId,
      state,
      refusal: refusal && encodeRefusal(refusal),
    }));
}
