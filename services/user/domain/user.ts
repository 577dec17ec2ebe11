/** A user as callers see it; the password's hash is not part of it. */
export type User = {
  userId: bigint;
  userName: string;
  mobile: string;
  balanceCents: bigint;
  points: bigint;
  registerTime: Date;
};

/** The numbers are those of shop.user.v1.BalanceLogType and of the column. */
export const BalanceLogType = { topUp: 1, pay: 2, refund: 3 } as const;
export type BalanceLogType = (typeof BalanceLogType)[keyof typeof BalanceLogType];

/** One change of a balance. The order is undefined for a top-up, the refund 0 where no refund gave it back. */
export type BalanceLogEntry = {
  logId: bigint;
  userId: bigint;
  orderId: bigint | undefined;
  type: BalanceLogType;
  amountCents: bigint;
  refundId: bigint;
  logTime: Date;
};

export type PointLogEntry = {
  logId: bigint;
  userId: bigint;
  orderId: bigint;
  points: bigint;
  refundId: bigint;
  logTime: Date;
};
