import type { Database, Transaction } from "#platform/db/database.ts";
import { Checks } from "#platform/values/checks.ts";
import { ParticipantState } from "#platform/values/participant.ts";
import { balanceChanges } from "../domain/balance.ts";
import { decideHolds } from "../domain/deduct.ts";
import {
  type HoldOutcome,
  type HoldRequest,
  otherContents,
  outcomeOf,
  requestFault,
  sameContents,
} from "../domain/hold.ts";
import { userNotFound } from "../domain/user.ts";
import { MAX_DEDUCTIONS } from "../limits.ts";
import { readEarlyRefunds } from "../store/early-refunds.ts";
import { insertHolds, lockHolds, updateHolds } from "../store/holds.ts";
import { insertMovements } from "../store/logs.ts";
import { addToUsers, existingUsers, lockBalances } from "../store/users.ts";
import type { Parts } from "./parts.ts";

/**
 * Deducts the balance of many orders in one transaction and answers each order separately, in the
 * order of the requests. An order is decided once: a repeated request gets the same answer, or
 * ORDER_CLOSED once the order was released. An amount of 0 only asks whether the user exists; it
 * and a malformed request leave no row. Throws Refusal(INVALID_ARGUMENT) for a call that is empty
 * or too large.
 */
export async function deductBalance(
  parts: Parts,
  requests: readonly HoldRequest[],
): Promise<HoldOutcome[]> {
  const checks = new Checks();
  checks.count("deductions", requests, { min: 1, max: MAX_DEDUCTIONS });
  checks.throwIfAny();

  const { first, faults } = firstOfEachOrder(requests);
  const byAmount = Map.groupBy(first.values(), ({ amountCents }) => amountCents > 0n);
  const outcomes = await Promise.all([
    checkUsers(parts.database, byAmount.get(false) ?? []),
    takeAmounts(parts, byAmount.get(true) ?? []),
  ]);
  const decided = new Map(outcomes.flat().map((outcome) => [outcome.orderId, outcome]));

  return requests.map(({ orderId }, index) => {
    const refusal = faults[index];
    if (refusal) return { orderId, refusal };
    const outcome = decided.get(orderId);
    if (!outcome) throw new Error(`order ${orderId} was not decided with its batch`);
    return outcome;
  });
}

/** A later request of the same order must repeat the first one, of which it gets the answer. */
function firstOfEachOrder(requests: readonly HoldRequest[]) {
  const first = new Map<bigint, HoldRequest>();
  const faults = requests.map((request, index) => {
    const fault = requestFault(request, `deductions[${index}]`);
    if (fault) return fault;
    const earlier = first.get(request.orderId);
    if (earlier) return sameContents(earlier, request) ? undefined : otherContents();
    first.set(request.orderId, request);
    return undefined;
  });
  return { first, faults };
}

/** Most orders use no balance: one read without locks, and nothing to write. */
async function checkUsers(
  database: Database,
  requests: readonly HoldRequest[],
): Promise<HoldOutcome[]> {
  if (requests.length === 0) return [];
  const users = await existingUsers(
    database,
    requests.map(({ userId }) => userId),
  );
  return requests.map(({ orderId, userId }) =>
    users.has(userId) ? { orderId } : { orderId, refusal: userNotFound(userId) },
  );
}

async function takeAmounts(
  { database, identifiers }: Parts,
  requests: readonly HoldRequest[],
): Promise<HoldOutcome[]> {
  if (requests.length === 0) return [];
  return database.transact("deduct-balance", (tx) => deduct(tx, requests, identifiers));
}

async function deduct(
  tx: Transaction,
  requests: readonly HoldRequest[],
  identifiers: Parts["identifiers"],
): Promise<HoldOutcome[]> {
  const holds = await lockHolds(
    tx,
    requests.map(({ orderId }) => orderId),
  );
  const isEarly = (id: bigint) => holds.get(id)?.state === ParticipantState.EARLY;
  const undecided = requests.filter(({ orderId }) => !holds.has(orderId) || isEarly(orderId));
  if (undecided.length > 0) {
    const balances = await lockBalances(
      tx,
      undecided.map(({ userId }) => userId),
    );
    const early = await readEarlyRefunds(tx, [...holds.keys()].filter(isEarly));
    const decision = decideHolds(undecided, { balances, early });
    const byRow = Map.groupBy(decision.holds, ({ orderId }) => holds.has(orderId));
    await updateHolds(tx, byRow.get(true) ?? [], ParticipantState.EARLY);
    await addToUsers(tx, "balanceCents", balanceChanges(decision.movements));
    await insertHolds(tx, byRow.get(false) ?? []);
    await insertMovements(tx, decision.movements, identifiers.next);
    for (const hold of decision.holds) holds.set(hold.orderId, hold);
  }
  return requests.map((request) => {
    const hold = holds.get(request.orderId);
    if (!hold) throw new Error(`order ${request.orderId} was not decided with its batch`);
    return outcomeOf(hold, request);
  });
}
