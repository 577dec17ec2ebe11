import { userNotFound } from "../domain/hold.ts";
import { answerRepeated, balanceAfterTopUp, checkTopUp, type TopUp } from "../domain/top-up.ts";
import { findTopUp, insertTopUp } from "../store/logs.ts";
import { addToUsers, lockBalances } from "../store/users.ts";
import type { Parts } from "./parts.ts";

/**
 * Adds to a balance and answers what it is then. The same request_id with the same contents answers the first balance
 * again, whatever has happened since; with other contents it is refused.
 */
export async function topUpBalance(
  { database, identifiers }: Parts,
  topUp: TopUp,
): Promise<bigint> {
  checkTopUp(topUp);
  const { userId, amountCents } = topUp;
  return database.transact("top-up-balance", async (tx) => {
    const first = await findTopUp(tx, topUp.requestId);
    if (first !== undefined) return answerRepeated(first, topUp);
    const balanceCents = (await lockBalances(tx, [userId])).get(userId);
    if (balanceCents === undefined) throw userNotFound(userId);
    const balanceAfter = balanceAfterTopUp(balanceCents, topUp);
    await addToUsers(tx, "balance_cents", new Map([[userId, amountCents]]));
    await insertTopUp(tx, { ...topUp, balanceAfter, logId: identifiers.next() });
    return balanceAfter;
  });
}
