import type { Transaction } from "#platform/db/database.ts";
import { MAX_QUANTITY } from "#platform/values/amounts.ts";
import { Checks } from "#platform/values/checks.ts";
import { gather } from "#platform/values/gather.ts";
import type { Refusal } from "#platform/values/refusal.ts";
import { decideReservations, type Reservation } from "../domain/reserve.ts";
import { type Ledger, OrderState } from "../domain/stock.ts";
import {
  MAX_ORDER_LINES,
  MAX_RESERVATIONS,
  MAX_RESERVE_IN_FLIGHT,
  MAX_RESERVE_QUEUE,
  MAX_RESERVED_LINES,
} from "../limits.ts";
import { readEarly } from "../store/early-returns.ts";
import {
  decideEarly,
  insertDecisions,
  lockLedger,
  readLedger,
  readTaken,
} from "../store/ledger.ts";
import { applyMovements, lockGoods } from "../store/stock.ts";
import type { Parts } from "./parts.ts";

type Answers = (Refusal | undefined)[];

/** One answer for each reservation, in their order; undefined where the order has its stock. */
export type ReserveStock = (reservations: readonly Reservation[]) => Promise<Answers>;

/**
 * Deducts the stock of many orders in one transaction. What was decided for an order is decided for ever: asked again
 * it gets the same answer, or ORDER_CLOSED once it was released. A malformed entry is refused and leaves no trace.
 *
 * Calls that are in flight together share a transaction, so that they take the lock of an item that all want once, not
 * one after the other.
 */
export function createReserveStock(parts: Parts): ReserveStock {
  const calls = gather<Reservation[], Answers>({
    run: async (batch) => {
      const reservations = batch.flat();
      const decided = await parts.database.transact("reserve-stock", (tx, attempt) =>
        // Nearly every order is new: earlier decisions are looked up only after an insert has failed.
        reserve(tx, parts.identifiers, { reservations, lookUp: attempt > 1 }),
      );
      const answers = decided.values();
      return batch.map((call) => [...answers.take(call.length)]);
    },
    weigh: countLines,
    maxWeight: MAX_RESERVED_LINES,
    maxBatch: MAX_RESERVE_QUEUE,
    maxQueue: MAX_RESERVE_QUEUE,
    maxInFlight: MAX_RESERVE_IN_FLIGHT,
  });
  return async (reservations) => {
    checkSize(reservations);
    const malformed = reservations.map(refusalOfMalformed);
    const wellFormed = reservations.filter((_, index) => !malformed[index]);
    if (wellFormed.length === 0) return malformed;
    const answers = (await calls.submit(wellFormed)).values();
    return malformed.map((refusal) => refusal ?? answers.next().value);
  };
}

async function reserve(
  tx: Transaction,
  identifiers: Parts["identifiers"],
  { reservations, lookUp }: { reservations: readonly Reservation[]; lookUp: boolean },
): Promise<Answers> {
  const orderIds = reservations.map(({ orderId }) => orderId);
  // An order that was decided is a DuplicateKey in the end, if it was not looked up.
  const read: Ledger = lookUp ? await readLedger(tx, orderIds) : new Map();
  const early = orderIds.filter((orderId) => read.get(orderId)?.state === OrderState.early);
  const ledger = new Map([...read, ...(await lockLedger(tx, early))]);
  const is = (state: OrderState) => (orderId: bigint) => ledger.get(orderId)?.state === state;
  const taken = await readTaken(tx, orderIds.filter(is(OrderState.held)));
  const waiting = is(OrderState.early);
  const undecided = reservations.filter(({ orderId }) => !ledger.has(orderId) || waiting(orderId));
  const goodsIds = undecided.flatMap(({ lines }) => lines.map(({ goodsId }) => goodsId));
  const goods = await lockGoods(tx, goodsIds);
  const known = { ledger, taken, goods, early: await readEarly(tx, early) };
  const { answers, decisions, movements } = decideReservations(reservations, known);
  await applyMovements(tx, movements, identifiers.next);
  await insertDecisions(
    tx,
    decisions.filter(({ orderId }) => !ledger.has(orderId)),
  );
  await decideEarly(
    tx,
    decisions.filter(({ orderId }) => ledger.has(orderId)),
  );
  return answers;
}

/** The limits of a whole call; what is wrong with one reservation is that reservation's own answer. */
function checkSize(reservations: readonly Reservation[]): void {
  const checks = new Checks();
  checks.count("reservations", reservations, { min: 1, max: MAX_RESERVATIONS });
  const description = `must have ${MAX_RESERVED_LINES} lines at most, together`;
  checks.that("reservations", countLines(reservations) <= MAX_RESERVED_LINES, description);
  checks.throwIfAny();
}

function countLines(reservations: readonly Reservation[]): number {
  return reservations.reduce((sum, { lines }) => sum + lines.length, 0);
}

function refusalOfMalformed(reservation: Reservation, index: number): Refusal | undefined {
  const path = `reservations[${index}]`;
  const checks = new Checks();
  checks.identifier(`${path}.order_id`, reservation.orderId);
  checks.count(`${path}.lines`, reservation.lines, { min: 1, max: MAX_ORDER_LINES });
  const seen = new Set<bigint>();
  reservation.lines.forEach(({ goodsId, quantity, unitPriceCents }, line) => {
    const linePath = `${path}.lines[${line}]`;
    checks.identifier(`${linePath}.goods_id`, goodsId);
    checks.that(`${linePath}.goods_id`, !seen.has(goodsId), "must not stand in an earlier line");
    checks.integer(`${linePath}.quantity`, quantity, { min: 1n, max: MAX_QUANTITY });
    checks.cents(`${linePath}.unit_price_cents`, unitPriceCents);
    seen.add(goodsId);
  });
  return checks.refusal;
}
