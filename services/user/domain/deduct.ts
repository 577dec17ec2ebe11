import { ParticipantState } from "#platform/values/participant.ts";
import type { Refusal } from "#platform/values/refusal.ts";
import { addToBalance, BalanceLogType, balanceNotEnough, type Movement } from "./balance.ts";
import type { Hold, HoldRequest } from "./hold.ts";
import { type EarlyRefund, giveBack } from "./refund.ts";
import { userNotFound } from "./user.ts";

/**
 * Decides requests of orders without a decision, in the order given: of several orders of one user,
 * each sees what the earlier ones left. A refusal affects no other order.
 *
 * `balances` has the users that exist, as locked. `early` has, by order, the refunds that arrived
 * before the request; they give back at once what they would have given back afterwards.
 */
export function decideHolds(
  requests: readonly HoldRequest[],
  {
    balances,
    early,
  }: {
    balances: ReadonlyMap<bigint, bigint>;
    early: ReadonlyMap<bigint, readonly EarlyRefund[]>;
  },
): { holds: Hold[]; movements: Movement[] } {
  const current = new Map(balances);
  const movements: Movement[] = [];
  const holds = requests.map((request): Hold => {
    const { orderId, userId } = request;
    const refusal = refusalOf(request, current.get(userId));
    if (refusal) return { ...request, state: ParticipantState.REFUSED, returnedCents: 0n, refusal };
    const type = BalanceLogType.PAY;
    const amountCents = -request.amountCents;
    const balanceAfter = addToBalance(current, { userId, orderId, amountCents });
    movements.push({ userId, orderId, type, amountCents, balanceAfter });
    let hold: Hold = {
      ...request,
      state: ParticipantState.HELD,
      returnedCents: 0n,
      refusal: undefined,
    };
    for (const refund of early.get(orderId) ?? []) {
      const given = giveBack(hold, refund, current);
      movements.push(...given.movements);
      hold = given.hold;
    }
    return hold;
  });
  return { holds, movements };
}

function refusalOf(
  { userId, amountCents }: HoldRequest,
  available: bigint | undefined,
): Refusal | undefined {
  if (available === undefined) return userNotFound(userId);
  if (available < amountCents) {
    return balanceNotEnough({ userId, requested: amountCents, available });
  }
  return undefined;
}
