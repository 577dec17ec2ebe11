import { defineEntity, p } from "@mikro-orm/mysql";
import { tableOf } from "#platform/db/tables.ts";
import type { ParticipantState } from "#platform/values/participant.ts";
import type { BalanceLogType } from "../domain/balance.ts";

/** The database's time when the row is inserted. */
const NOW = "current_timestamp(3)";

export const UserEntity = defineEntity({
  name: "User",
  tableName: "users",
  properties: {
    userId: p.bigint().primary(),
    userName: p.string(),
    /** The form under which the name is unique. */
    userNameKey: p.string(),
    /** A PHC string. */
    passwordHash: p.string(),
    mobile: p.string().default(""),
    /** The same number in E.164; empty if it has no such form. */
    mobileE164: p.string().default(""),
    balanceCents: p.bigint().default(0),
    points: p.bigint().default(0),
    registerTime: p.datetime(3).defaultRaw(NOW),
  },
});

export const BalanceLogEntity = defineEntity({
  name: "BalanceLog",
  tableName: "balance_log",
  properties: {
    logId: p.bigint().primary(),
    userId: p.bigint(),
    /** Null for a top-up. */
    orderId: p.bigint().strictNullable(),
    type: p.smallint().$type<BalanceLogType>(),
    amountCents: p.bigint(),
    balanceAfter: p.bigint(),
    /** 0n unless a refund caused the row. */
    refundId: p.bigint().default(0),
    /** Makes TopUpBalance idempotent. */
    requestId: p.string().strictNullable(),
    logTime: p.datetime(3).defaultRaw(NOW),
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
    /** 0n for the payment. */
    refundId: p.bigint().default(0),
    /** Signed: what the row adds to the amount that earns points. */
    spentCents: p.bigint().default(0),
    pointsPerUnit: p.bigint().default(1),
    /** Minor units of one full unit of the order's currency. */
    unitCents: p.bigint().default(100),
    logTime: p.datetime(3).defaultRaw(NOW),
  },
});

const HoldEntity = defineEntity({
  name: "Hold",
  tableName: "balance_holds",
  properties: {
    orderId: p.bigint().primary(),
    userId: p.bigint(),
    amountCents: p.bigint(),
    /** What refunds have given back of the amount. */
    returnedCents: p.bigint().default(0),
    state: p.smallint().$type<ParticipantState>(),
    /** The refusal of a refused order, encoded. */
    refusal: p.blob().strictNullable(),
    holdTime: p.datetime(3).defaultRaw(NOW),
  },
});

const EarlyRefundEntity = defineEntity({
  name: "EarlyRefund",
  tableName: "early_refunds",
  properties: {
    refundId: p.bigint().primary(),
    orderId: p.bigint(),
    balanceCents: p.bigint(),
  },
});

const SessionEntity = defineEntity({
  name: "Session",
  tableName: "sessions",
  properties: {
    sessionId: p.bigint().primary(),
    userId: p.bigint(),
    generation: p.bigint(),
    rotatedTime: p.datetime(3).defaultRaw(NOW),
    expireTime: p.datetime(3),
    endedTime: p.datetime(3).strictNullable(),
  },
});

const LoginAttemptEntity = defineEntity({
  name: "LoginAttempt",
  tableName: "login_attempts",
  properties: {
    nameKey: p.string().primary(),
    /** A network, a device, or "*" for all networks. */
    origin: p.string().primary(),
    failures: p.integer(),
    windowStart: p.datetime(3),
    lastTime: p.datetime(3),
  },
});

export const entities = [
  UserEntity,
  BalanceLogEntity,
  PointLogEntity,
  HoldEntity,
  EarlyRefundEntity,
  SessionEntity,
  LoginAttemptEntity,
];

export const USERS = tableOf(UserEntity);
export const BALANCE_LOG = tableOf(BalanceLogEntity);
export const POINT_LOG = tableOf(PointLogEntity);
export const HOLDS = tableOf(HoldEntity);
export const EARLY_REFUNDS = tableOf(EarlyRefundEntity);
export const SESSIONS = tableOf(SessionEntity);
export const LOGIN_ATTEMPTS = tableOf(LoginAttemptEntity);
