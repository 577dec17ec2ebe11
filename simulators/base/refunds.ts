import type { Fields } from "./fields.ts";
import type { Row, Sql } from "./store.ts";
import type { FaceName } from "./trades.ts";

export const REFUND_STATES = ["pending", "succeeded", "failed", "closed", "abnormal"] as const;
export type RefundState = (typeof REFUND_STATES)[number];

/** A refund. `outcome` is the state that it takes at `settleMs`. */
export type Refund = {
  face: FaceName;
  /** The merchant's number; Stripe's own id. */
  number: string;
  /** The number of its trade. */
  trade: string;
  providerId: string;
  amount: bigint;
  state: RefundState;
  origin: "api" | "console";
  outcome: RefundState;
  createMs: number;
  settleMs: number | undefined;
  successMs: number | undefined;
  notifyUrl: string;
  fields: Fields;
};

type Reader = Pick<Sql, "get" | "all">;

export function refundOf(sql: Reader, face: FaceName, number: string): Refund | undefined {
  const row = sql.get("select * from refunds where face = ? and number = ?", [face, number]);
  return row && refundOfRow(row);
}

export function refundOfProvider(sql: Reader, face: FaceName, id: string): Refund | undefined {
  const row = sql.get("select * from refunds where face = ? and provider_id = ?", [face, id]);
  return row && refundOfRow(row);
}

/** The refunds of a trade, the newest first. */
export function refundsOf(sql: Reader, face: FaceName, trade: string): Refund[] {
  return sql
    .all("select * from refunds where face = ? and trade = ? order by rowid desc", [face, trade])
    .map(refundOfRow);
}

/** What of a trade is refunded or on its way to be: the limit for another refund. */
export function takenBy(refunds: Refund[]): bigint {
  return refunds
    .filter(({ state }) => !["failed", "closed"].includes(state))
    .reduce((sum, { amount }) => sum + amount, 0n);
}

export function addRefund(sql: Sql, refund: Refund): Refund {
  sql.run("insert into refunds values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [
    refund.face,
    refund.number,
    refund.trade,
    refund.providerId,
    refund.amount,
    refund.state,
    refund.origin,
    refund.outcome,
    refund.createMs,
    refund.settleMs ?? null,
    refund.successMs ?? null,
    refund.notifyUrl,
    JSON.stringify(refund.fields),
  ]);
  return refund;
}

export function changeRefund(
  sql: Sql,
  refund: Refund,
  change: Partial<Pick<Refund, "state" | "settleMs" | "successMs" | "outcome">>,
): Refund {
  const now = { ...refund, ...change };
  sql.run(
    `update refunds set state = ?, settle_ms = ?, success_ms = ?, outcome = ?
     where face = ? and number = ?`,
    [
      now.state,
      now.settleMs ?? null,
      now.successMs ?? null,
      now.outcome,
      refund.face,
      refund.number,
    ],
  );
  return now;
}

/** Refunds whose outcome is due. Also a succeeded one can have one, at Stripe. */
export function dueRefunds(sql: Reader, face: FaceName, nowMs: number): Refund[] {
  return sql
    .all(
      `select * from refunds where face = ? and settle_ms <= ?
       order by settle_ms limit 1000`,
      [face, nowMs],
    )
    .map(refundOfRow);
}

export function refundOfRow(row: Row): Refund {
  const ms = (value: Row[string] | undefined) =>
    value === null || value === undefined ? undefined : Number(value);
  return {
    face: row.face as FaceName,
    number: String(row.number),
    trade: String(row.trade),
    providerId: String(row.provider_id),
    amount: row.amount as bigint,
    state: row.state as RefundState,
    origin: row.origin as Refund["origin"],
    outcome: row.outcome as RefundState,
    createMs: Number(row.create_ms),
    settleMs: ms(row.settle_ms),
    successMs: ms(row.success_ms),
    notifyUrl: String(row.notify_url),
    fields: JSON.parse(String(row.fields)) as Fields,
  };
}
