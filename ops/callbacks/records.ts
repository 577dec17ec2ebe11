import { escapeId } from "mysql2/promise";
import { connectDatabase, schemasOf } from "../command/database.ts";

/** The verdicts of the pay service, in the order of their numbers in the database, from 1 on. */
export const VERDICTS = ["accepted", "late", "repeated", "ignored", "refused", "recorded"] as const;
export type VerdictName = (typeof VERDICTS)[number];

/** A row of the pay service's table of callbacks. */
export type RecordedCallback = {
  callbackId: string;
  provider: string;
  /** "query" is the provider's answer to a query of the shop; it cannot be judged again. */
  source: "callback" | "query";
  /** Null where the sender was not verified. */
  noticeId: string | null;
  paymentId: string | null;
  verdict: VerdictName;
  /** Why it was refused, and the number of its Reason; "" and 0 for other verdicts. */
  cause: string;
  reason: number;
  headers: Record<string, string>;
  body: string;
  /** How often the same callback came again. */
  repeats: number;
  receiveTime: Date;
  lastTime: Date;
};

export type Records = {
  /** Returns the newest `limit` matches, oldest first. */
  list(filter: {
    verdict?: VerdictName | undefined;
    paymentId?: string | undefined;
    callbackId?: string | undefined;
    limit: number;
  }): Promise<RecordedCallback[]>;
  close(): Promise<void>;
};

type Row = Omit<RecordedCallback, "source" | "verdict" | "headers" | "body"> & {
  source: number;
  verdict: number;
  headers: string;
  body: Buffer;
};

const QUERY = 2;

export async function openRecords(options: {
  mysqlUrl: string;
  namespace: string;
}): Promise<Records> {
  const connection = await connectDatabase(options.mysqlUrl);
  const table = `${escapeId(schemasOf(options.namespace).pay)}.callbacks`;
  return {
    async list({ verdict, paymentId, callbackId, limit }) {
      const conditions: [sql: string, value: string | number][] = [];
      if (verdict) conditions.push(["verdict = ?", VERDICTS.indexOf(verdict) + 1]);
      if (paymentId) conditions.push(["payment_id = ?", paymentId]);
      if (callbackId) conditions.push(["callback_id = ?", callbackId]);
      const where = conditions.map(([sql]) => sql).join(" and ") || "true";
      const [rows] = await connection.query(
        `select callback_id as callbackId, provider, source, notice_id as noticeId,
           payment_id as paymentId, verdict, cause, reason, headers, body, repeats,
           receive_time as receiveTime, last_time as lastTime
         from ${table} where ${where} order by callback_id desc limit ?`,
        [...conditions.map(([, value]) => value), limit],
      );
      return (rows as Row[]).reverse().map(callbackOf);
    },
    close: () => connection.end(),
  };
}

function callbackOf(row: Row): RecordedCallback {
  return {
    ...row,
    // bigNumberStrings leaves small numbers as they are; identifiers are always text here.
    callbackId: String(row.callbackId),
    paymentId: row.paymentId === null ? null : String(row.paymentId),
    source: row.source === QUERY ? "query" : "callback",
    verdict: VERDICTS[row.verdict - 1] ?? "refused",
    headers: JSON.parse(row.headers),
    body: row.body.toString("utf8"),
  };
}
