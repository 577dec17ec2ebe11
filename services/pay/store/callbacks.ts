import type { Database, Transaction } from "#platform/db/database.ts";
import { insertRows } from "#platform/db/rows.ts";
import type { RowOf } from "#platform/db/tables.ts";
import type { RawCallback } from "../domain/notice.ts";
import { CALLBACKS } from "./entities.ts";

const KNOWN = CALLBACKS.pick("callbackId", "verdict", "repeats");
const STORED = CALLBACKS.pick("provider", "source", "headers", "body", "receiveTime");
const VERDICT = CALLBACKS.pick("verdict", "cause", "reason", "paymentId", "noticeId");

/** A callback as it arrived, to be judged again. */
type StoredCallback = Omit<RowOf<typeof STORED>, keyof RawCallback> & RawCallback;

/** A verdict as rows hold it. */
export type VerdictColumns = RowOf<typeof VERDICT>;

export type NewCallback = VerdictColumns &
  RawCallback &
  Pick<RowOf<typeof CALLBACKS>, "callbackId" | "provider" | "source">;

/** The row of a notice. `ageMs`: since the notice arrived for the first time. */
type KnownNotice = RowOf<typeof KNOWN> & { ageMs: number };

/** Locks the row of a notice. */
export async function lockNotice(
  tx: Transaction,
  notice: { provider: string; noticeId: string },
): Promise<KnownNotice | undefined> {
  const [row] = await tx.select<RowOf<typeof KNOWN> & { ageMs: bigint | number }>(
    `select ${KNOWN.sql}, timestampdiff(microsecond, first_time, now(3)) div 1000 as ageMs
     from callbacks where provider = ? and notice_id = ? for update`,
    [notice.provider, notice.noticeId],
  );
  return row && { ...row, ageMs: Number(row.ageMs) };
}

const NEW_CALLBACK = [
  "callbackId",
  "provider",
  "source",
  "noticeId",
  "paymentId",
  "verdict",
  "cause",
  "reason",
  "headers",
  "body",
] as const;

export async function insertCallbacks(
  tx: Transaction,
  callbacks: readonly NewCallback[],
): Promise<void> {
  await insertRows(
    tx,
    CALLBACKS,
    NEW_CALLBACK,
    callbacks.map((callback) => ({ ...callback, headers: JSON.stringify(callback.headers) })),
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
  { verdict, cause, reason, paymentId, noticeId, raw }: VerdictColumns & { raw?: RawCallback },
): Promise<void> {
  await tx.write(
    `update callbacks set verdict = ?, cause = ?, reason = ?, payment_id = ?, notice_id = ?,
       last_time = now(3) where callback_id = ?`,
    [verdict, cause, reason, paymentId, noticeId, callbackId],
  );
  if (!raw) return;
  await tx.write(
    `update callbacks set headers = ?, body = ?, repeats = repeats + 1, receive_time = now(3)
     where callback_id = ?`,
    [JSON.stringify(raw.headers), raw.body, callbackId],
  );
}

export async function readCallback(
  database: Database,
  callbackId: bigint,
): Promise<StoredCallback | undefined> {
  const [row] = await database.select<RowOf<typeof STORED>>(
    `select ${STORED.sql} from callbacks where callback_id = ?`,
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
