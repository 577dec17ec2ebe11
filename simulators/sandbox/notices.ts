import { randomBytes } from "node:crypto";
import type { Payment } from "./ledger.ts";
import { MAX_FAKES_KEPT, REPEAT_AFTER_MS, REPEAT_UP_TO_MS } from "./limits.ts";
import { MERCHANT } from "./signature.ts";
import type { Row, Sql } from "./store.ts";

/** A callback that the shop has to answer. */
export type Notice = {
  noticeId: string;
  merchantTradeId: string;
  notifyUrl: string;
  /** The same bytes each time. */
  body: Uint8Array;
  firstMs: number;
  attempts: number;
};

/** What a notice says, as JSON in this order. */
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

/** In the transaction that pays it, so that no payment is without its notice. */
export function addNotice(sql: Sql, paid: Payment, time: { payMs: number; sendMs: number }): void {
  const notice = noticeOf(paid, time.payMs);
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

/** A notice that says that this was paid, whether it was or not; it is not kept. */
export function noticeOf(payment: Payment, payMs: number): Notice {
  const noticeId = `n${randomBytes(12).toString("hex")}`;
  const body: NoticeBody = {
    notice_id: noticeId,
    type: "payment.succeeded",
    merchant_id: MERCHANT,
    merchant_trade_id: payment.merchantTradeId,
    trade_id: payment.tradeId,
    amount_cents: String(payment.amountCents),
    currency: payment.currency,
    pay_time: new Date(payMs).toISOString(),
  };
  const { merchantTradeId, notifyUrl } = payment;
  const bytes = Buffer.from(JSON.stringify(body));
  return { noticeId, merchantTradeId, notifyUrl, body: bytes, firstMs: payMs, attempts: 0 };
}

export function noticeFor(sql: Reader, merchantTradeId: string): Notice | undefined {
  const row = sql.get("select * from notices where merchant_trade_id = ?", [merchantTradeId]);
  return row && notice(row);
}

/** Those whose time has come, the longest waiting first. */
export function dueNotices(sql: Reader, nowMs: number, limit: number): Notice[] {
  return sql
    .all(
      "select * from notices where state = 'waiting' and next_ms <= ? order by next_ms limit ?",
      [nowMs, limit],
    )
    .map(notice);
}

/** When the next one's time comes, after this moment. */
export function nextDueMs(sql: Reader, nowMs: number): number | undefined {
  const row = sql.get(
    "select next_ms from notices where state = 'waiting' and next_ms > ? order by next_ms limit 1",
    [nowMs],
  );
  return row && Number(row.next_ms);
}

/** Writes down what became of an attempt, and when the next one is. */
export function recordAttempt(
  sql: Sql,
  { noticeId, firstMs, attempts }: Notice,
  outcome: { answered: boolean; answer: string; nowMs: number; schedulePercent: number },
): void {
  const { answered, answer, nowMs, schedulePercent } = outcome;
  const made = attempts + 1;
  const pauseMs = pauseAfter(made, schedulePercent);
  const late = nowMs + pauseMs > firstMs + (REPEAT_UP_TO_MS * schedulePercent) / 100;
  const state = answered ? "answered" : late ? "given_up" : "waiting";
  sql.run(
    "update notices set state = ?, attempts = ?, next_ms = ?, last_answer = ? where notice_id = ?",
    [state, made, nowMs + pauseMs, answer, noticeId],
  );
}

/** The pause after so many attempts. */
export function pauseAfter(attempts: number, schedulePercent: number): number {
  const index = Math.min(attempts, REPEAT_AFTER_MS.length) - 1;
  return Math.ceil(((REPEAT_AFTER_MS[index] as number) * schedulePercent) / 100);
}

/** What the shop answered to something that was not genuine; the latest ones are kept. */
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

function notice(row: Row): Notice {
  return {
    noticeId: String(row.notice_id),
    merchantTradeId: String(row.merchant_trade_id),
    notifyUrl: String(row.notify_url),
    body: row.body as Uint8Array,
    firstMs: Number(row.first_ms),
    attempts: Number(row.attempts),
  };
}
