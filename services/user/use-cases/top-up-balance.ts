import { answerRepeated, balanceAfterTopUp, faultOf, type TopUp } from "../domain/top-up.ts";
import { userNotFound } from "../domain/user.ts";
import { findTopUp, insertTopUp } from "../store/logs.ts";
import { addToUsers, lockBalances } from "../store/users.ts";
import type { Parts } from "./parts.ts";

/**
 * Adds to a balance and returns what it is then. Idempotent by request id: the same contents get
 * the first balance again, even if it has changed since; other contents get REQUEST_ID_REUSED.
 */
export async function topUpBalance(
  { database, identifiers }: Parts,
  topUp: TopUp,
): Promise<bigint> {
  const fault = faultOf(topUp);
  const { userId, amountCents } = topUp;
  return database.transact("top-up-balance", async (tx) => {
    const first = await findTopUp(tx, topUp.requestId);
    if (first !== undefined) return answerRepeated(first, topUp);
    if (fault) throw fault;
    const balanceCents = (await lockBalances(tx, [userId])).get(userId);
    if (balanceCents === undefined) throw userNotFound(userId);
    const balanceAfter = balanceAfterTopUp(balanceCents, topUp);
    await addToUsers(tx, "balanceCents", new Map([[userId, amountCents]]));
    await insertTopUp(tx, { ...topUp, balanceAfter, logId: identifiers.next() });
    return balanceAfter;
  });
}
