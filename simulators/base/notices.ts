import type { Row, Sql } from "./store.ts";
import type { FaceName } from "./trades.ts";

/** A message that the merchant has to acknowledge. A face signs its content at each attempt. */
export type Notice = {
  id: string;
  face: FaceName;
  trade: string;
  /** The number of the refund that it is about, or "". */
  refund: string;
  type: string;
  url: string;
  /** JSON. */
  content: string;
  state: "waiting" | "answered" | "given_up" | "unsent";
  attempts: number;
  firstMs: number;
  lastAnswer: string | undefined;
};

type Reader = Pick<Sql, "get" | "all">;

/** Stores a notice, in the transaction that changes what it is about. */
export function addNotice(
  sql: Sql,
  notice: Omit<Notice, "state" | "attempts" | "lastAnswer">,
  sendMs: number,
): void {
  sql.run(
    `insert into notices (id, face, trade, refund, type, url, content, state, first_ms, next_ms)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      notice.id,
      notice.face,
      notice.trade,
      notice.refund,
      notice.type,
      notice.url,
      notice.content,
      notice.url === "" ? "unsent" : "waiting",
      notice.firstMs,
      sendMs,
    ],
  );
}

/** Notices that are due, the longest overdue first. */
export function dueNotices(sql: Reader, face: FaceName, due: { nowMs: number; limit: number }) {
  return sql
    .all(
      `select * from notices where face = ? and state = 'waiting' and next_ms <= ?
       order by next_ms, rowid limit ?`,
      [face, due.nowMs, due.limit],
    )
    .map(noticeOfRow);
}

/** The newest notice of a trade, or the newest of one type. */
export function latestNotice(
  sql: Reader,
  { face, trade, type }: { face: FaceName; trade: string; type?: string },
): Notice | undefined {
  const row = sql.get(
    `select * from notices where face = ? and trade = ? and type = coalesce(?, type)
     order by rowid desc limit 1`,
    [face, trade, type ?? null],
  );
  return row && noticeOfRow(row);
}

/** When the face has work next: a notice to send, a refund to settle, a trade to expire. */
export function nextDueMs(sql: Reader, face: FaceName, nowMs: number): number | undefined {
  const row = sql.get(
    `select min(ms) as ms from (
       select min(next_ms) as ms from notices where face = ?1 and state = 'waiting' and next_ms > ?2
       union all
       select min(settle_ms) from refunds where face = ?1 and settle_ms > ?2
       union all
       select min(settle_ms) from trades where face = ?1 and settle_ms > ?2
       union all
       select min(expire_ms) from trades where face = ?1 and state in ('created', 'open')
         and expire_ms > ?2)`,
    [face, nowMs],
  );
  return row?.ms === null || row?.ms === undefined ? undefined : Number(row.ms);
}

/** Stores the outcome of an attempt and the time of the next one. */
export function recordAttempt(
  sql: Sql,
  notice: Notice,
  outcome: { answered: boolean; answer: string; nowMs: number; pauseMs: number | undefined },
): void {
  const { answered, answer, nowMs, pauseMs } = outcome;
  const state = answered ? "answered" : pauseMs === undefined ? "given_up" : "waiting";
  sql.run("update notices set state = ?, attempts = ?, next_ms = ?, last_answer = ? where id = ?", [
    state,
    notice.attempts + 1,
    nowMs + (pauseMs ?? 0),
    answer.slice(0, 200),
    notice.id,
  ]);
}

export function noticeOfRow(row: Row): Notice {
  return {
    id: String(row.id),
    face: row.face as FaceName,
    trade: String(row.trade),
    refund: String(row.refund),
    type: String(row.type),
    url: String(row.url),
    content: String(row.content),
    state: row.state as Notice["state"],
    attempts: Number(row.attempts),
    firstMs: Number(row.first_ms),
    lastAnswer: row.last_answer === null ? undefined : String(row.last_answer),
  };
}
