import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** One payment or refund as the provider knows it; the identifiers are the shop's, as text. */
export type ProviderEntry =
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

/** Streams everything the provider knows, as of one moment. */
export type ProviderSource = () => AsyncIterable<ProviderEntry>;

const ANSWER_TIMEOUT_MS = 3_000;
/** A line of the sandbox's state holds one payment or one refund. */
const MAX_LINE_CHARACTERS = 64 * 1_024;

/** Reads the sandbox's database file; the sandbox need not run. */
export function providerFile(path: string): ProviderSource {
  return async function* () {
    if (!existsSync(path)) throw new Error(`there is no file ${path}`);
    const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    try {
      database.exec("begin");
      for (const table of ["payments", "refunds"]) {
        const statement = database.prepare(`select * from ${table}`);
        statement.setReadBigInts(true);
        for (const row of statement.iterate()) yield entryOf(table, row as Fields);
      }
    } catch (error) {
      throw new Error(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
    } finally {
      database.close();
    }
  };
}

/** Reads from the running sandbox at this URL; `undefined` where none answers. */
export async function providerAt(url: string): Promise<ProviderSource | undefined> {
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

/** The sandbox writes one entry per line, so the state is read without holding all of it. */
async function* readState(url: string): AsyncIterable<ProviderEntry> {
  const answer = await fetch(url);
  if (!answer.ok || !answer.body) throw new Error(`${url} answered ${answer.status}`);
  let table = "";
  for await (const line of linesOf(answer.body, url)) {
    const list = /^,?"(\w+)":\[/.exec(line);
    if (list) table = list[1] as string;
    const text = /^\{.*\}/.exec(line)?.[0];
    if (!text || !["payments", "refunds"].includes(table)) continue;
    yield entryOf(table, JSON.parse(text));
  }
  if (table !== "fakes") throw new Error(`the answer of ${url} is not complete`);
}

async function* linesOf(body: ReadableStream<Uint8Array>, url: string): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of body) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop() as string;
    if (rest.length > MAX_LINE_CHARACTERS) throw new Error(`the answer of ${url} has no lines`);
    yield* lines;
  }
  yield rest;
}

type Fields = Record<string, string | bigint | number | null | undefined>;

function entryOf(table: string, fields: Fields): ProviderEntry {
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
