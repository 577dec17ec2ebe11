import { randomBytes } from "node:crypto";
import type { Payment } from "./ledger.ts";
import { MAX_FAKES_KEPT, REPEAT_AFTER_MS, REPEAT_UP_TO_MS } from "./limits.ts";
import { MERCHANT } from "./signature.ts";
import type { Row, Sql } from "./store.ts";

/**
 * A message that the merchant has to acknowledge. Each callback that carries it has the same bytes.
 */
export type Notice = {
  noticeId: string;
  merchantTradeId: string;
  notifyUrl: string;
  body: Uint8Array;
  firstMs: number;
  attempts: number;
};

/** The JSON fields of a notice, in this order. */
export type NoticeBody = {
  notice_id: string;
  type: string;
  merchant_id: string;
  merchant_trade_id: string;
  trade_id: string;
  amount_cents: string;
  currency: string;
  pay_time: string;
};

type Reader = Pick<Sql, "get" | "all">;

/** Stores the notice of a payment, in the transaction that pays it. */
export function addNotice(
  sql: Sql,
  payment: Payment,
  time: { payMs: number; sendMs: number },
): void {
  const notice = newNotice(payment, time.payMs);
  sql.run(
    `insert into notices (notice_id, merchant_trade_id, notify_url, body, state, first_ms, next_ms)
     values (?, ?, ?, ?, 'waiting', ?, ?)`,
    [
      notice.noticeId,
      notice.merchantTradeId,
      notice.notifyUrl,
      notice.body,
      time.payMs,
      time.sendMs,
    ],
  );
}

/** A notice that says that this payment was paid. It is not stored. */
export function newNotice(payment: Payment, payMs: number): Notice {
  return noticeAbout(payment, payMs, {
    type: "payment.succeeded",
    amount_cents: String(payment.amountCents),
    pay_time: new Date(payMs).toISOString(),
  } satisfies Partial<NoticeBody>);
}

/** A notice about this payment with further fields. It is not stored. */
export function noticeAbout(
  payment: Payment,
  firstMs: number,
  { type, ...fields }: { type: string; [name: string]: string | undefined },
): Notice {
  const { merchantTradeId, notifyUrl } = payment;
  const noticeId = `n${randomBytes(12).toString("hex")}`;
  const { amount_cents, ...others } = fields;
  const body = {
    notice_id: noticeId,
    type,
    merchant_id: MERCHANT,
    merchant_trade_id: merchantTradeId,
    trade_id: payment.tradeId,
    amount_cents,
    currency: payment.currency,
    ...others,
  };
  const bytes = Buffer.from(JSON.stringify(body));
  return { noticeId, merchantTradeId, notifyUrl, body: bytes, firstMs, attempts: 0 };
}

export function storedNotice(sql: Reader, merchantTradeId: string): Notice | undefined {
  const row = sql.get("select * from notices where merchant_trade_id = ?", [merchantTradeId]);
  return row && noticeOfRow(row);
}

/** Notices that are due, the longest overdue first. */
export function dueNotices(sql: Reader, nowMs: number, limit: number): Notice[] {
  return sql
    .all(
      "select * from notices where state = 'waiting' and next_ms <= ? order by next_ms limit ?",
      [nowMs, limit],
    )
    .map(noticeOfRow);
}

/** When the next notice is due, after this moment. */
export function nextDueMs(sql: Reader, nowMs: number): number | undefined {
  const row = sql.get(
    "select next_ms from notices where state = 'waiting' and next_ms > ? order by next_ms limit 1",
    [nowMs],
  );
  return row && Number(row.next_ms);
}

/** Stores the outcome of an attempt and the time of the next one. */
export function recordAttempt(
  sql: Sql,
  { noticeId, firstMs, attempts }: Notice,
  outcome: { answered: boolean; answer: string; nowMs: number; schedulePercent: number },
): void {
  const { answered, answer, nowMs, schedulePercent } = outcome;
  const made = attempts + 1;
  const pauseMs = pauseAfter(made, schedulePercent);
  const untilMs = firstMs + (REPEAT_UP_TO_MS * schedulePercent) / 100;
  const state = answered ? "answered" : nowMs + pauseMs > untilMs ? "given_up" : "waiting";
  sql.run(
    "update notices set state = ?, attempts = ?, next_ms = ?, last_answer = ? where notice_id = ?",
    [state, made, nowMs + pauseMs, answer, noticeId],
  );
}

/** The pause after attempt number `attempts`, counted from 1. */
export function pauseAfter(attempts: number, schedulePercent: number): number {
  const index = Math.min(attempts, REPEAT_AFTER_MS.length) - 1;
  return Math.ceil(((REPEAT_AFTER_MS[index] as number) * schedulePercent) / 100);
}

/** Stores the merchant's answer to a fake; the newest MAX_FAKES_KEPT stay. */
export function recordFake(
  sql: Sql,
  fake: { merchantTradeId: string; kind: string; answer: string },
): void {
  sql.run("insert into fakes (merchant_trade_id, kind, answer) values (?, ?, ?)", [
    fake.merchantTradeId,
    fake.kind,
    fake.answer,
  ]);
  sql.run("delete from fakes where fake_id <= (select max(fake_id) from fakes) - ?", [
    MAX_FAKES_KEPT,
  ]);
}

function noticeOfRow(row: Row): Notice {
  return {
    noticeId: String(row.notice_id),
    merchantTradeId: String(row.merchant_trade_id),
    notifyUrl: String(row.notify_url),
    body: row.body as Uint8Array,
    firstMs: Number(row.first_ms),
    attempts: Number(row.attempts),
  };
}
