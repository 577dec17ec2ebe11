import type { Database, Transaction } from "#platform/db/database.ts";
import { Checks } from "#platform/values/checks.ts";
import {
  answerFrom,
  balanceChanges,
  type Deduction,
  type DeductionOutcome,
  decideDeductions,
  deductionFault,
  HoldState,
  otherContents,
  sameContents,
  userNotFound,
} from "../domain/hold.ts";
import { MAX_DEDUCTIONS } from "../limits.ts";
import { readEarly } from "../store/early-refunds.ts";
import { changeHolds, insertHolds, lockHolds } from "../store/holds.ts";
import { insertMovements } from "../store/logs.ts";
import { addToUsers, existingUsers, lockBalances } from "../store/users.ts";
import type { Parts } from "./parts.ts";

/**
 * Takes what each order asks for, or refuses that order and no other; one outcome for each entry, in their order.
 * Idempotent by order: what was decided for an order, a refusal too, is answered again for ever. An amount of 0 only asks
 * whether the user exists, and leaves nothing behind. An order that comes twice in one batch is decided once. Refuses
 * the whole batch only where it is empty or too long.
 */
export async function deductBalance(
  parts: Parts,
  deductions: readonly Deduction[],
): Promise<DeductionOutcome[]> {
  const checks = new Checks();
  checks.count("deductions", deductions, { min: 1, max: MAX_DEDUCTIONS });
  checks.throwIfAny();

  const { first, faults } = firstOfEachOrder(deductions);
  const wanted = [...first.values()];
  const decided = new Map<bigint, DeductionOutcome>();
  const keep = (outcomes: DeductionOutcome[]) => {
    for (const outcome of outcomes) decided.set(outcome.orderId, outcome);
  };
  await Promise.all([
    askForUsers(
      parts.database,
      wanted.filter(({ amountCents }) => amountCents === 0n),
    ).then(keep),
    takeAmounts(
      parts,
      wanted.filter(({ amountCents }) => amountCents > 0n),
    ).then(keep),
  ]);

  return deductions.map(({ orderId }, index) => {
    const refusal = faults.get(index);
    if (refusal) return { orderId, refusal };
    const outcome = decided.get(orderId);
    if (outcome === undefined) throw new Error(`Order ${orderId} was not decided.`);
    return outcome;
  });
}

function firstOfEachOrder(deductions: readonly Deduction[]) {
  const first = new Map<bigint, Deduction>();
  const faults = new Map<number, NonNullable<DeductionOutcome["refusal"]>>();
  for (const [index, deduction] of deductions.entries()) {
    const earlier = first.get(deduction.orderId);
    const differs = earlier !== undefined && !sameContents(earlier, deduction);
    const fault = deductionFault(deduction, `deductions[${index}]`);
    if (fault) faults.set(index, fault);
    else if (differs) faults.set(index, otherContents());
    else first.set(deduction.orderId, earlier ?? deduction);
  }
  return { first, faults };
}

/** Most orders use no balance: one read without locks, and nothing to write. */
async function askForUsers(
  database: Database,
  deductions: readonly Deduction[],
): Promise<DeductionOutcome[]> {
  if (deductions.length === 0) return [];
  const users = await existingUsers(
    database,
    deductions.map(({ userId }) => userId),
  );
  return deductions.map(({ orderId, userId }) =>
    users.has(userId) ? { orderId } : { orderId, refusal: userNotFound(userId) },
  );
}

async function takeAmounts(
  { database, identifiers }: Parts,
  deductions: readonly Deduction[],
): Promise<DeductionOutcome[]> {
  if (deductions.length === 0) return [];
  return database.transact("deduct-balance", async (tx: Transaction) => {
    const holds = await lockHolds(
      tx,
      deductions.map(({ orderId }) => orderId),
    );
    const isEarly = (orderId: bigint) => holds.get(orderId)?.state === HoldState.early;
    const undecided = deductions.filter(({ orderId }) => !holds.has(orderId) || isEarly(orderId));
    if (undecided.length > 0) {
      const balances = await lockBalances(
        tx,
        undecided.map(({ userId }) => userId),
      );
      const early = await readEarly(tx, [...holds.keys()].filter(isEarly));
      const decision = decideDeductions(undecided, balances, early);
      await changeHolds(
        tx,
        decision.holds.filter(({ orderId }) => holds.has(orderId)),
        HoldState.early,
      );
      await addToUsers(tx, "balance_cents", balanceChanges(decision.movements));
      await insertHolds(
        tx,
        decision.holds.filter(({ orderId }) => !holds.has(orderId)),
      );
      await insertMovements(tx, decision.movements, identifiers.next);
      for (const hold of decision.holds) holds.set(hold.orderId, hold);
    }
    return deductions.map((deduction) => {
      const hold = holds.get(deduction.orderId);
      if (hold === undefined) throw new Error(`Order ${deduction.orderId} has no hold.`);
      return answerFrom(hold, deduction);
    });
  });
}
