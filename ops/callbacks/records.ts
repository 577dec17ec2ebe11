import mysql from "mysql2/promise";

const VERDICTS = ["accepted", "late", "repeated", "ignored", "refused"] as const;
export type VerdictName = (typeof VERDICTS)[number];

/** A row of the pay service's callbacks. */
export type RecordedCallback = {
  callbackId: string;
  provider: string;
  /** "query" is the platform's answer to a question of ours; it cannot be judged again. */
  source: "callback" | "query";
  /** Null where nothing proves who sent it. */
  noticeId: string | null;
  paymentId: string | null;
  verdict: VerdictName;
  /** Why it was refused, with the number of its Reason; "" and 0 where it was not. */
  cause: string;
  reason: number;
  headers: Record<string, string>;
  body: string;
  repeats: number;
  receiveTime: Date;
  lastTime: Date;
};

export type Wanted = {
  verdict?: VerdictName | undefined;
  paymentId?: string | undefined;
  callbackId?: string | undefined;
  limit: number;
};

export type Records = {
  /** The newest `limit`, the oldest of them first. */
  list(wanted: Wanted): Promise<RecordedCallback[]>;
  close(): Promise<void>;
};

type Row = Omit<RecordedCallback, "source" | "verdict" | "headers" | "body"> & {
  source: number;
  verdict: number;
  headers: string;
  body: Buffer;
};

const connectTimeout = 5_000;
const QUERY = 2;

export function isVerdict(name: string): name is VerdictName {
  return VERDICTS.some((verdict) => verdict === name);
}

export const verdictNames: string = VERDICTS.join(", ");

export async function openRecords(options: {
  mysqlUrl: string;
  namespace: string;
}): Promise<Records> {
  const connection = await mysql.createConnection({
    uri: options.mysqlUrl,
    connectTimeout,
    timezone: "Z",
    charset: "utf8mb4",
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
  const table = `${mysql.escapeId(`${options.namespace}_pay`)}.callbacks`;
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
      return (rows as Row[]).reverse().map((row) => ({
        ...row,
        // bigNumberStrings leaves small numbers, and ids are text everywhere.
        callbackId: String(row.callbackId),
        paymentId: row.paymentId === null ? null : String(row.paymentId),
        source: row.source === QUERY ? "query" : "callback",
        verdict: VERDICTS[row.verdict - 1] ?? "refused",
        headers: JSON.parse(row.headers),
        body: row.body.toString("utf8"),
      }));
    },
    close: () => connection.end(),
  };
}
