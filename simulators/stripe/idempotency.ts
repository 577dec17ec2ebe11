import { createHash } from "node:crypto";
import type { HttpAnswer } from "#platform/http/answer.ts";
import { DAY } from "../base/limits.ts";
import type { Sql, Store } from "../base/store.ts";
import { jsonAnswer, StripeError } from "./errors.ts";

export type Result = { status: number; body: string };

const MAX_KEY_LENGTH = 255;

/**
 * Runs each idempotency key once. The first result, errors of the execution included, is replayed
 * for 24 hours; it commits with its effect. Other parameters under the same key are refused, and so
 * is a request while another with the same key is under way.
 */
export function createIdempotency(store: Store, nowMs: () => number) {
  const underWay = new Set<string>();

  async function once(key: string, request: string, work: (sql: Sql) => Result) {
    const values = ["stripe", key];
    return store.transact((sql): Result & { replayed: boolean } => {
      sql.run("delete from answers where face = 'stripe' and create_ms <= ?", [nowMs() - DAY]);
      const known = sql.get("select * from answers where face = ? and key = ?", values);
      if (known && known.request !== request) throw reused(key);
      if (known) return { status: Number(known.status), body: String(known.body), replayed: true };
      const result = work(sql);
      sql.run("insert into answers values ('stripe', ?, ?, ?, ?, ?)", [
        key,
        request,
        result.status,
        result.body,
        nowMs(),
      ]);
      return { ...result, replayed: false };
    });
  }

  return async (
    { key, target, body }: { key: string; target: string; body: string },
    work: (sql: Sql) => Result,
  ): Promise<HttpAnswer> => {
    if (key === "") {
      const { status, body: text } = await store.transact(work);
      return jsonAnswer(status, text);
    }
    if (key.length > MAX_KEY_LENGTH)
      throw problem(400, `Keys have at most ${MAX_KEY_LENGTH} characters.`);
    if (underWay.has(key))
      throw problem(409, "There is currently another in-progress request using this key.");
    underWay.add(key);
    try {
      const request = createHash("sha256").update(`${target}\n${body}`).digest("hex");
      const result = await once(key, request, work);
      const headers: Record<string, string> = { "idempotency-key": key };
      if (result.replayed) headers["idempotent-replayed"] = "true";
      return jsonAnswer(result.status, result.body, headers);
    } finally {
      underWay.delete(key);
    }
  };
}

function reused(key: string): StripeError {
  return problem(
    400,
    `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}'.`,
  );
}

function problem(status: number, message: string): StripeError {
  return new StripeError(status, {
    type: "idempotency_error",
    code: status === 409 ? "idempotency_key_in_use" : undefined,
    message,
  });
}
