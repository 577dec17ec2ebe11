import { Reason, Refusal } from "#platform/values/refusal.ts";

/** A user as callers see it, without the hash of the password. */
export type User = {
  userId: bigint;
  userName: string;
  /** As it was typed. */
  mobile: string;
  /** In E.164, or empty. */
  mobileE164: string;
  balanceCents: bigint;
  points: bigint;
  registerTime: Date;
};

/** Adds up signed changes by user, ordered by user id so that updates lock rows in key order. */
export function sumByUser<T extends { userId: bigint }>(
  entries: readonly T[],
  changeOf: (entry: T) => bigint,
): Map<bigint, bigint> {
  const sums = new Map<bigint, bigint>();
  for (const entry of entries) {
    sums.set(entry.userId, (sums.get(entry.userId) ?? 0n) + changeOf(entry));
  }
  return new Map([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function userNotFound(userId: bigint): Refusal {
  return new Refusal(Reason.USER_NOT_FOUND, { user_id: `${userId}` });
}
