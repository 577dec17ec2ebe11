import type { Database, Transaction } from "#platform/db/database.ts";
import { insertRows } from "#platform/db/statements.ts";
import type { Verdict } from "../domain/verdict.ts";

export const SOURCE = { CALLBACK: 1, QUERY: 2 } as const;
export type Source = (typeof SOURCE)[keyof typeof SOURCE];

/** A callback as it came: enough to judge it again. */
export type Content = { headers: Record<string, string>; body: Uint8Array };

export type RecordedCallback = Content & {
  callbackId: bigint;
  provider: string;
  source: Source;
  receiveTime: Date;
};

export type Judged = {
  verdict: Verdict;
  /** "" where it was not refused; `reason` is 0 then. */
  cause: string;
  reason: number;
  paymentId: bigint | null;
  /** Null where nothing proves who sent it. */
  noticeId: string | null;
};

export type NewCallback = Judged &
  Content & { callbackId: bigint; provider: string; source: Source };

export type KnownCallback = { callbackId: bigint; verdict: Verdict; repeats: number };

/** The record of a notice, locked. */
export async function lockNotice(
  tx: Transaction,
  notice: { provider: string; noticeId: string },
): Promise<KnownCallback | undefined> {
  const [row] = await tx.select<KnownCallback>(
    `select callback_id as callbackId, verdict, repeats from callbacks
     where provider = ? and notice_id = ? for update`,
    [notice.provider, notice.noticeId],
  );
  return row;
}

export async function insertCallbacks(
  tx: Transaction,
  callbacks: readonly NewCallback[],
): Promise<void> {
  await insertRows(
    tx,
    "callbacks",
    callbacks.map((callback) => ({
      callback_id: callback.callbackId,
      provider: callback.provider,
      source: callback.source,
      notice_id: callback.noticeId,
      payment_id: callback.paymentId,
      verdict: callback.verdict,
      cause: callback.cause,
      reason: callback.reason,
      headers: JSON.stringify(callback.headers),
      body: callback.body,
    })),
  );
}

/** The same notice came again: it is counted, its record stays as it is. */
export async function countRepetition(tx: Transaction, callbackId: bigint): Promise<void> {
  await tx.write(
    "update callbacks set repeats = repeats + 1, last_time = now(3) where callback_id = ?",
    [callbackId],
  );
}

/** The record takes over a new judgement; `content` is the callback's that it was made over, where that is new too. */
export async function writeJudgement(
  tx: Transaction,
  callbackId: bigint,
  judged: Judged & { content: Content | undefined },
): Promise<void> {
  await tx.write(
    `update callbacks set verdict = ?, cause = ?, reason = ?, payment_id = ?, notice_id = ?,
       last_time = now(3) where callback_id = ?`,
    [judged.verdict, judged.cause, judged.reason, judged.paymentId, judged.noticeId, callbackId],
  );
  if (!judged.content) return;
  await tx.write(
    `update callbacks set headers = ?, body = ?, repeats = repeats + 1, receive_time = now(3)
     where callback_id = ?`,
    [JSON.stringify(judged.content.headers), judged.content.body, callbackId],
  );
}

export async function readCallback(
  database: Database,
  callbackId: bigint,
): Promise<RecordedCallback | undefined> {
  const [row] = await database.select<Omit<RecordedCallback, "headers"> & { headers: string }>(
    `select callback_id as callbackId, provider, source, headers, body, receive_time as receiveTime
     from callbacks where callback_id = ?`,
    [callbackId],
  );
  return row && { ...row, headers: JSON.parse(row.headers) };
}

/** Deletes the oldest of the unproven callbacks beyond the newest `keep`, `batch` at most; returns how many. */
export async function pruneUnproven(
  tx: Transaction,
  { keep, batch }: { keep: number; batch: number },
): Promise<number> {
  const [last] = await tx.select<{ callbackId: bigint }>(
    `select callback_id as callbackId from callbacks where notice_id is null
     order by callback_id desc limit 1 offset ?`,
    [keep],
  );
  if (!last) return 0;
  return tx.change(
    "delete from callbacks where notice_id is null and callback_id <= ? order by callback_id limit ?",
    [last.callbackId, batch],
  );
}
