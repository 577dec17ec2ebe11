import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { BalanceLogEntry, BalanceLogType } from "../domain/balance.ts";
import type { PointLogEntry } from "../domain/points.ts";
import type { User } from "../domain/user.ts";

/** Without the hash of the password, which only a login reads. */
export const UserEntity = defineEntity({
  name: "User",
  tableName: "users",
  properties: {
    userId: p.bigint().primary(),
    userName: p.string().length(64),
    mobile: p.string().length(20),
    balanceCents: p.bigint(),
    points: p.bigint(),
    registerTime: p.datetime(3),
  },
});

export const BalanceLogEntity = defineEntity({
  name: "BalanceLog",
  tableName: "balance_log",
  properties: {
    logId: p.bigint().primary(),
    userId: p.bigint(),
    orderId: p.bigint().nullable(),
    type: p.smallint(),
    amountCents: p.bigint(),
    refundId: p.bigint(),
    logTime: p.datetime(3),
  },
});

export const PointLogEntity = defineEntity({
  name: "PointLog",
  tableName: "point_log",
  properties: {
    logId: p.bigint().primary(),
    userId: p.bigint(),
    orderId: p.bigint(),
    points: p.bigint(),
    refundId: p.bigint(),
    logTime: p.datetime(3),
  },
});

export const entities = [UserEntity, BalanceLogEntity, PointLogEntity];

export function userOf(row: InferEntity<typeof UserEntity>): User {
  const { userId, userName, mobile, balanceCents, points, registerTime } = row;
  return { userId, userName, mobile, balanceCents, points, registerTime };
}

export function balanceLogEntryOf(row: InferEntity<typeof BalanceLogEntity>): BalanceLogEntry {
  const { logId, userId, amountCents, refundId, logTime } = row;
  const type = row.type as BalanceLogType;
  return { logId, userId, orderId: row.orderId ?? undefined, type, amountCents, refundId, logTime };
}

export function pointLogEntryOf(row: InferEntity<typeof PointLogEntity>): PointLogEntry {
  const { logId, userId, orderId, points, refundId, logTime } = row;
  return { logId, userId, orderId, points, refundId, logTime };
}
