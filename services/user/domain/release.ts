import { ParticipantState } from "#platform/values/participant.ts";
import { addToBalance, BalanceLogType, type Movement } from "./balance.ts";
import type { Hold } from "./hold.ts";

/** Gives back what held holds still have. `balances` has their users, as locked. */
export function releaseMovements(
  holds: readonly Hold[],
  balances: ReadonlyMap<bigint, bigint>,
): Movement[] {
  const current = new Map(balances);
  return holds
    .filter(({ state }) => state === ParticipantState.HELD)
    .map(({ orderId, userId, amountCents: taken, returnedCents }) => {
      const amountCents = taken - returnedCents;
      const balanceAfter = addToBalance(current, { userId, orderId, amountCents });
      return { userId, orderId, type: BalanceLogType.REFUND, amountCents, balanceAfter };
    });
}
