import type { Transaction } from "#platform/db/database.ts";
import { Outage } from "#platform/values/refusal.ts";
import { type Notice, paymentIdOf, type RawCallback } from "../../domain/notice.ts";
import { type RefusalCause, type Verdict, VerdictKind } from "../../domain/verdict.ts";
import {
  MAX_STORED_HEADER_VALUE,
  MAX_UNVERIFIED_BYTES,
  UNKNOWN_PAYMENT_PATIENCE_MS,
} from "../../limits.ts";
import type { HttpAnswer, PaymentProvider } from "../../providers/provider.ts";
import { insertCallbacks, writeVerdict } from "../../store/callbacks.ts";
import { Source } from "../../store/entities.ts";
import type { Parts } from "../parts.ts";
import { isPaid, type ReceivedNotice, verdictColumns } from "./received-notice.ts";
import { isAboutMoney, takeMoneyNotice } from "./take-money-notice.ts";
import { type TakenNotice, takeNotice } from "./take-notice.ts";

/**
 * `outage` instead of a verdict: the database did not store it, so the provider has to repeat it.
 */
export type CallbackOutcome = {
  answer: HttpAnswer;
  /** Whether the provider sent it. */
  genuine: boolean;
  /** Unverified callbacks that were not stored, this one included. */
  unstored?: number;
  /** Undefined unless the callback is genuine, and about a payment. */
  paymentId: bigint | undefined;
  /** Why an operator has to look into a genuine callback. */
  alarm?: string;
} & ({ verdict: Verdict } | { outage: Outage });

const FORGED: ReadonlySet<RefusalCause> = new Set(["signature", "stale", "unknown_key", "probe"]);

export type AnsweringParts = Pick<
  Parts,
  | "database"
  | "identifiers"
  | "outbox"
  | "providers"
  | "paidNotices"
  | "rules"
  | "wake"
  | "unverified"
>;

type Callback = {
  provider: PaymentProvider;
  raw: RawCallback;
  /** When it arrived. Its freshness is judged as of then. */
  receivedMs: number;
  /** The row that is judged again; undefined for a callback that has just arrived. */
  callbackId?: bigint;
  traceparent?: string;
};

/**
 * Verifies a callback, gives it its effect in one transaction (verdict, payment, log and event),
 * and chooses the HTTP answer.
 */
export async function answerCallback(
  parts: AnsweringParts,
  callback: Callback,
): Promise<CallbackOutcome> {
  const { provider, raw, receivedMs } = callback;
  const read = provider.readCallback({ ...raw, nowMs: receivedMs });
  const { genuine } = read;
  const paymentId = read.genuine ? paymentIdOf(read.notice) : undefined;
  try {
    if (read.genuine) {
      const taken = await takeGenuine(parts, receivedNotice(callback, read.notice));
      return {
        verdict: taken.verdict,
        genuine,
        paymentId,
        ...replyTo(provider, read.notice, taken),
      };
    }
    const { cause } = read;
    const answer = provider.answers[FORGED.has(cause) ? "forged" : "refused"];
    const refused = { verdict: { kind: VerdictKind.REFUSED, cause }, genuine, paymentId, answer };
    const unstored = callback.callbackId === undefined ? parts.unverified.skipped() : 0;
    if (unstored > 0) return { ...refused, unstored };
    await parts.database.transact("store-unverified", (tx) =>
      storeUnverified(tx, parts, { callback, cause }),
    );
    return refused;
  } catch (error) {
    if (!(error instanceof Outage)) throw error;
    return { answer: provider.answers.outage, outage: error, genuine, paymentId };
  }
}

function receivedNotice(callback: Callback, notice: Notice): ReceivedNotice {
  const { provider, raw, callbackId, traceparent } = callback;
  return {
    notice,
    provider,
    source: Source.CALLBACK,
    raw: { headers: storedHeaders(provider, raw.headers), body: raw.body },
    ...(callbackId !== undefined && { callbackId }),
    ...(traceparent && { traceparent }),
  };
}

/** Tries the batch first if it can take such a notice. */
async function takeGenuine(parts: AnsweringParts, received: ReceivedNotice): Promise<TakenNotice> {
  const isNew = received.callbackId === undefined;
  const accepted = isNew && isPaid(received) && (await parts.paidNotices.submit(received));
  if (accepted) return { verdict: accepted, ageMs: 0 };
  return parts.database.transact("handle-callback", (tx) =>
    isAboutMoney(received) ? takeMoneyNotice(tx, parts, received) : takeNotice(tx, parts, received),
  );
}

/** An unverified callback has no effect but its row, which holds the start of the body. */
async function storeUnverified(
  tx: Transaction,
  { identifiers }: AnsweringParts,
  { callback, cause }: { callback: Callback; cause: RefusalCause },
): Promise<void> {
  const { provider, raw, callbackId } = callback;
  const verdict: Verdict = { kind: VerdictKind.REFUSED, cause };
  const columns = verdictColumns(verdict, { noticeId: null, paymentId: null });
  if (callbackId !== undefined) {
    await writeVerdict(tx, callbackId, columns);
    return;
  }
  const row = {
    callbackId: identifiers.next(),
    provider: provider.name,
    source: Source.CALLBACK,
    headers: storedHeaders(provider, raw.headers),
    body: raw.body.subarray(0, MAX_UNVERIFIED_BYTES),
  };
  await insertCallbacks(tx, [{ ...row, ...columns }]);
}

/** The headers that callbacks are verified with: no token, no cookie, all of bounded length. */
function storedHeaders(
  provider: PaymentProvider,
  headers: RawCallback["headers"],
): Record<string, string> {
  return Object.fromEntries(
    provider.headers.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, value.slice(0, MAX_STORED_HEADER_VALUE)]];
    }),
  );
}

/** The answer to a genuine callback, by what became of it and since when it is repeated. */
function replyTo(
  { answers }: PaymentProvider,
  notice: Notice,
  { verdict, ageMs }: TakenNotice,
): Pick<CallbackOutcome, "answer" | "alarm"> {
  if (notice.kind === "not_ours") return { answer: answers.success, alarm: notice.cause };
  if (verdict.kind !== VerdictKind.REFUSED) return { answer: answers.success };
  if (verdict.cause !== "unknown_payment") return { answer: answers.refused, alarm: verdict.cause };
  // It may have overtaken the commit of its payment, so the provider has to repeat it, for a while.
  if (ageMs <= UNKNOWN_PAYMENT_PATIENCE_MS) return { answer: answers.unknown };
  return { answer: answers.success, alarm: verdict.cause };
}
