import type { Database, Transaction } from "#platform/db/database.ts";
import { insertRows } from "#platform/db/statements.ts";
import type { RawCallback } from "../domain/notice.ts";
import type { VerdictKind } from "../domain/verdict.ts";

/** Where a notice came from: a callback, or the provider's answer to a query. */
export const Source = { CALLBACK: 1, QUERY: 2 } as const;
export type Source = (typeof Source)[keyof typeof Source];

/** A callback as it arrived, to be judged again. */
type StoredCallback = RawCallback & {
  callbackId: bigint;
  provider: string;
  source: Source;
  receiveTime: Date;
};

/** A verdict as rows hold it. */
export type VerdictColumns = {
  verdict: VerdictKind;
  /** "" unless it is refused; `reason` is then 0. */
  cause: string;
  reason: number;
  paymentId: bigint | null;
  /** Null if the callback is not verified. */
  noticeId: string | null;
};

export type NewCallback = VerdictColumns &
  RawCallback & { callbackId: bigint; provider: string; source: Source };

type KnownCallback = { callbackId: bigint; verdict: VerdictKind; repeats: number };

/** Locks the row of a notice. */
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

/** Counts a repetition of the notice. The rest of its row stays as it is. */
export async function countRepetition(tx: Transaction, callbackId: bigint): Promise<void> {
  await tx.write(
    "update callbacks set repeats = repeats + 1, last_time = now(3) where callback_id = ?",
    [callbackId],
  );
}

/** Replaces the verdict of a row, and its headers and body if `raw` is a new callback. */
export async function writeVerdict(
  tx: Transaction,
  callbackId: bigint,
  verdict: VerdictColumns & { raw: RawCallback | undefined },
): Promise<void> {
  await tx.write(
    `update callbacks set verdict = ?, cause = ?, reason = ?, payment_id = ?, notice_id = ?,
       last_time = now(3) where callback_id = ?`,
    [
      verdict.verdict,
      verdict.cause,
      verdict.reason,
      verdict.paymentId,
      verdict.noticeId,
      callbackId,
    ],
  );
  if (!verdict.raw) return;
  await tx.write(
    `update callbacks set headers = ?, body = ?, repeats = repeats + 1, receive_time = now(3)
     where callback_id = ?`,
    [JSON.stringify(verdict.raw.headers), verdict.raw.body, callbackId],
  );
}

export async function readCallback(
  database: Database,
  callbackId: bigint,
): Promise<StoredCallback | undefined> {
  const [row] = await database.select<Omit<StoredCallback, "headers"> & { headers: string }>(
    `select callback_id as callbackId, provider, source, headers, body, receive_time as receiveTime
     from callbacks where callback_id = ?`,
    [callbackId],
  );
  return row && { ...row, headers: JSON.parse(row.headers) };
}

/** Deletes up to `batch` unverified callbacks older than the newest `keep`; returns how many. */
export async function pruneUnverified(
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
    `delete from callbacks where notice_id is null and callback_id <= ?
     order by callback_id limit ?`,
    [last.callbackId, batch],
  );
}
