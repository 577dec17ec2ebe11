import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** What the platform knows of one payment or refund; the names are the shop's numbers as text. */
export type PlatformEntry =
  | {
      kind: "payment";
      paymentId: string;
      tradeId: string;
      state: string;
      amountCents: bigint;
      currency: string;
      payTime: Date | null;
      refundedCents: bigint;
    }
  | { kind: "refund"; refundId: string; paymentId: string; amountCents: bigint; state: string };

/** All of it, as of one moment, one after the other. */
export type PlatformSource = () => AsyncIterable<PlatformEntry>;

const ANSWER_TIMEOUT_MS = 3_000;
/** A line of the state is one payment or one refund. */
const MAX_LINE = 64 * 1_024;

export class PlatformError extends Error {}

/** From the sandbox's own file, without the sandbox. */
export function platformFile(path: string): PlatformSource {
  return async function* () {
    if (!existsSync(path)) throw new PlatformError(`${path}: there is no such file`);
    const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    try {
      database.exec("begin");
      for (const table of ["payments", "refunds"]) {
        const statement = database.prepare(`select * from ${table}`);
        statement.setReadBigInts(true);
        for (const row of statement.iterate()) yield entryOf(table, row as Fields);
      }
    } catch (error) {
      throw new PlatformError(`${path}: ${(error as Error).message}`);
    } finally {
      database.close();
    }
  };
}

/** From the running sandbox; undefined where none answers. */
export async function platformAt(url: string): Promise<PlatformSource | undefined> {
  try {
    const answer = await fetch(`${url}/control/state`, {
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    await answer.body?.cancel();
    if (!answer.ok) return undefined;
  } catch {
    return undefined;
  }
  return () => readState(`${url}/control/state`);
}

/** The state has its lists in lines, one for each entry, so that it can be read without holding all of it. */
async function* readState(url: string): AsyncIterable<PlatformEntry> {
  const answer = await fetch(url);
  if (!answer.ok || !answer.body) throw new PlatformError(`${url}: ${answer.status}`);
  let table = "";
  for await (const line of linesOf(answer.body)) {
    const list = /^,?"(\w+)":\[/.exec(line);
    if (list) table = list[1] as string;
    const text = /^\{.*\}/.exec(line)?.[0];
    if (!text || !["payments", "refunds"].includes(table)) continue;
    yield entryOf(table, JSON.parse(text));
  }
  if (table !== "fakes") throw new PlatformError(`${url}: the state ended early`);
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of body) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop() as string;
    if (rest.length > MAX_LINE) throw new PlatformError("the platform's state has no lines");
    yield* lines;
  }
  yield rest;
}

type Fields = Record<string, string | bigint | number | null | undefined>;

function entryOf(table: string, fields: Fields): PlatformEntry {
  const text = (name: string) => String(fields[name]);
  const cents = (name: string) => BigInt(text(name));
  const common = { paymentId: text("merchant_trade_id"), amountCents: cents("amount_cents") };
  const state = text("state");
  if (table === "refunds") {
    return { kind: "refund", refundId: text("merchant_refund_id"), state, ...common };
  }
  const payTime = fields.pay_time ?? fields.pay_ms ?? null;
  return {
    kind: "payment",
    ...common,
    state,
    tradeId: text("trade_id"),
    currency: text("currency"),
    payTime:
      payTime === null ? null : new Date(typeof payTime === "string" ? payTime : Number(payTime)),
    refundedCents: cents("refunded_cents"),
  };
}
