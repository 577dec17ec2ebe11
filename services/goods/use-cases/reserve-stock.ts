import type { Transaction } from "#platform/db/database.ts";
import { Checks } from "#platform/values/checks.ts";
import { gather } from "#platform/values/gather.ts";
import { firstByKey, ParticipantState } from "#platform/values/participant.ts";
import type { SoldGoods } from "../domain/goods.ts";
import {
  outcomeOf,
  type Reservation,
  type ReservationOutcome,
  type ReservationRequest,
  requestFault,
} from "../domain/reservation.ts";
import { decideReservations } from "../domain/reserve.ts";
import { unitsOf } from "../domain/stock.ts";
import {
  MAX_ORDER_LINES,
  MAX_RESERVATIONS,
  MAX_RESERVE_IN_FLIGHT,
  MAX_RESERVE_QUEUE,
  MAX_RESERVED_LINES,
  MAX_SOLD_BYTES,
} from "../limits.ts";
import { readEarlyRefunds } from "../store/early-refunds.ts";
import {
  decideEarlyReservations,
  insertReservations,
  lockReservations,
  readReservations,
} from "../store/reservations.ts";
import { applyMovements, lockGoods, readSold } from "../store/stock.ts";
import { readTaken } from "../store/stock-log.ts";
import type { Parts } from "./parts.ts";

/** Returns one outcome for each request, in the order of the requests. */
type ReserveStock = (requests: readonly ReservationRequest[]) => Promise<ReservationOutcome[]>;

/**
 * Deducts the stock of many orders in one transaction and answers each order separately. An order
 * is decided once: a repeated request gets the same answer, or ORDER_CLOSED once the order was
 * released. A malformed request is refused and leaves no row.
 *
 * Calls in flight at the same moment share a transaction, so that they lock an item that all of
 * them want once instead of one after the other. Throws Refusal(INVALID_ARGUMENT) for a call that
 * is empty or too large, and Refusal(RATE_LIMITED) if too many calls are waiting.
 */
export function createReserveStock({ database, identifiers }: Parts): ReserveStock {
  const calls = gather<ReservationRequest[], ReservationOutcome[]>({
    run: async (batch) => {
      const requests = batch.flat();
      const outcomes = await database.transact("reserve-stock", (tx, attempt) =>
        // Nearly every order is new, so earlier decisions are read only after an insert failed.
        reserve(tx, requests, { identifiers, lookUp: attempt > 1 }),
      );
      const remaining = outcomes.values();
      return batch.map((call) => [...remaining.take(call.length)]);
    },
    weigh: countLines,
    maxWeight: MAX_RESERVED_LINES,
    maxBatch: MAX_RESERVE_QUEUE,
    maxQueue: MAX_RESERVE_QUEUE,
    maxInFlight: MAX_RESERVE_IN_FLIGHT,
  });
  return async (requests) => {
    checkSize(requests);
    const faults = requests.map((request, index) =>
      requestFault(request, { field: `reservations[${index}]`, maxLines: MAX_ORDER_LINES }),
    );
    const wellFormed = requests.filter((_, index) => !faults[index]);
    const outcomes = wellFormed.length > 0 ? await calls.submit(wellFormed) : [];
    const remaining = outcomes.values();
    return requests.map(({ orderId }, index) => {
      const refusal = faults[index];
      return refusal ? { orderId, refusal } : (remaining.next().value as ReservationOutcome);
    });
  };
}

async function reserve(
  tx: Transaction,
  requests: readonly ReservationRequest[],
  { identifiers, lookUp }: Pick<Parts, "identifiers"> & { lookUp: boolean },
): Promise<ReservationOutcome[]> {
  const first = firstByKey(requests, ({ orderId }) => orderId);
  const reservations = lookUp
    ? await readReservations(tx, first.keys())
    : new Map<bigint, Reservation>();
  const isIn = (state: ParticipantState) => (id: bigint) => reservations.get(id)?.state === state;
  const isEarly = isIn(ParticipantState.EARLY);
  const earlyIds = [...first.keys()].filter(isEarly);
  for (const [id, locked] of await lockReservations(tx, earlyIds)) reservations.set(id, locked);
  const taken = await readTaken(tx, [...first.keys()].filter(isIn(ParticipantState.HELD)));

  const undecided = [...first.values()].filter(
    ({ orderId }) => !reservations.has(orderId) || isEarly(orderId),
  );
  const goods = await lockGoods(tx, undecided.flatMap(goodsOf));
  const early = await readEarlyRefunds(tx, earlyIds);
  const decision = decideReservations(undecided, { goods, early });
  const byRow = Map.groupBy(decision.reservations, ({ orderId }) => reservations.has(orderId));
  await applyMovements(tx, decision.movements, identifiers.next);
  await insertReservations(tx, byRow.get(false) ?? []);
  await decideEarlyReservations(tx, byRow.get(true) ?? []);

  for (const { orderId, lines } of undecided) taken.set(orderId, unitsOf(lines));
  for (const reservation of decision.reservations) {
    reservations.set(reservation.orderId, reservation);
  }
  const repeated = new Set(first.keys().filter(isIn(ParticipantState.HELD)));
  for (const { orderId } of undecided) repeated.delete(orderId);
  const again = requests.filter(({ orderId }) => repeated.has(orderId)).flatMap(goodsOf);
  const sold = new Map<bigint, SoldGoods>([...goods, ...(await readSold(tx, again))]);
  return requests.map((request) => {
    const { orderId } = request;
    const reservation = reservations.get(orderId);
    if (!reservation) throw new Error(`order ${orderId} was not decided with its batch`);
    const outcome = outcomeOf(reservation, request, taken.get(orderId));
    if (outcome.refusal) return outcome;
    return { orderId, goods: goodsOf(request).flatMap((goodsId) => sold.get(goodsId) ?? []) };
  });
}

function goodsOf({ lines }: ReservationRequest): bigint[] {
  return lines.map(({ goodsId }) => goodsId);
}

/** The goods of the reserved orders, each once, as many as MAX_SOLD_BYTES has room for. */
export function soldGoods(outcomes: readonly ReservationOutcome[]): SoldGoods[] {
  const sold = outcomes.flatMap((outcome) => outcome.goods ?? []);
  let bytes = 0;
  return [...new Map(sold.map((goods) => [goods.goodsId, goods])).values()].filter((goods) => {
    // 24 bytes are more than the identifier, the tags and the lengths take.
    bytes += Buffer.byteLength(goods.name) + Buffer.byteLength(goods.sku ?? "") + 24;
    return bytes <= MAX_SOLD_BYTES;
  });
}

/** The limits of a whole call. A fault of one request is that request's own answer. */
function checkSize(requests: readonly ReservationRequest[]): void {
  const checks = new Checks();
  checks.count("reservations", requests, { min: 1, max: MAX_RESERVATIONS });
  const description = `must have ${MAX_RESERVED_LINES} lines at most in all`;
  checks.that("reservations", countLines(requests) <= MAX_RESERVED_LINES, description);
  checks.throwIfAny();
}

function countLines(requests: readonly ReservationRequest[]): number {
  return requests.reduce((sum, { lines }) => sum + lines.length, 0);
}
