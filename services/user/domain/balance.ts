import { Reason, Refusal } from "#platform/values/refusal.ts";
import { sumByUser } from "./user.ts";

/**
 * Why a balance changed. The numbers are those of shop.user.v1.BalanceLogType and of the column.
 */
export const BalanceLogType = { TOP_UP: 1, PAY: 2, REFUND: 3 } as const;
export type BalanceLogType = (typeof BalanceLogType)[keyof typeof BalanceLogType];

/** One row of the balance log that an order causes, and the change of the balance it records. */
export type Movement = {
  userId: bigint;
  orderId: bigint;
  type: BalanceLogType;
  /** Signed. */
  amountCents: bigint;
  /** The balance once this movement is applied. */
  balanceAfter: bigint;
  /** Set if a refund gave the amount back. */
  refundId?: bigint;
};

/** A row of the balance log as its user reads it. A top-up has no order. */
export type BalanceLogEntry = {
  logId: bigint;
  userId: bigint;
  orderId: bigint | null;
  type: BalanceLogType;
  amountCents: bigint;
  /** 0 unless a refund caused the row. */
  refundId: bigint;
  logTime: Date;
};

/** The change of each user's balance, ordered by user id. */
export function balanceChanges(movements: readonly Movement[]): Map<bigint, bigint> {
  return sumByUser(movements, ({ amountCents }) => amountCents);
}

/** Adds an amount to a user's balance and returns what it is then; changes `balances`. */
export function addToBalance(
  balances: Map<bigint, bigint>,
  { userId, orderId, amountCents }: { userId: bigint; orderId: bigint; amountCents: bigint },
): bigint {
  const balance = balances.get(userId);
  if (balance === undefined) {
    throw new Error(`user ${userId} does not exist, but order ${orderId} holds of their balance`);
  }
  const balanceAfter = balance + amountCents;
  balances.set(userId, balanceAfter);
  return balanceAfter;
}

export function balanceNotEnough(fact: {
  userId: bigint;
  requested: bigint;
  available: bigint;
}): Refusal {
  return new Refusal(Reason.BALANCE_NOT_ENOUGH, {
    user_id: `${fact.userId}`,
    requested: `${fact.requested}`,
    available: `${fact.available}`,
  });
}
