import type { Transaction } from "#platform/db/database.ts";
import { Outage } from "#platform/values/refusal.ts";
import { type Notice, paymentIdOf, type RawCallback } from "../../domain/notice.ts";
import { type RefusalCause, type Verdict, VerdictKind } from "../../domain/verdict.ts";
import { MAX_STORED_HEADER_VALUE, MAX_UNVERIFIED_BYTES } from "../../limits.ts";
import type { HttpAnswer, PaymentProvider } from "../../providers/provider.ts";
import { insertCallbacks, writeVerdict } from "../../store/callbacks.ts";
import { Source } from "../../store/entities.ts";
import type { Parts } from "../parts.ts";
import { isPaid, type ReceivedNotice, verdictColumns } from "./received-notice.ts";
import { isAboutMoney, takeMoneyNotice } from "./take-money-notice.ts";
import { takeNotice } from "./take-notice.ts";

/**
 * `outage` instead of a verdict: the database did not store it, so the provider has to repeat it.
 */
export type CallbackOutcome = {
  answer: HttpAnswer;
  /** Undefined unless the callback is genuine, and about a payment. */
  paymentId: bigint | undefined;
} & ({ verdict: Verdict } | { outage: Outage });

export type AnsweringParts = Pick<
  Parts,
  "database" | "identifiers" | "outbox" | "providers" | "paidNotices" | "rules" | "wake"
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
  const paymentId = read.genuine ? paymentIdOf(read.notice) : undefined;
  try {
    const verdict = read.genuine
      ? await takeGenuine(parts, receivedNotice(callback, read.notice))
      : await parts.database.transact("store-unverified", (tx) =>
          storeUnverified(tx, parts, { callback, cause: read.cause }),
        );
    return { answer: answerFor(provider, verdict), verdict, paymentId };
  } catch (error) {
    if (!(error instanceof Outage)) throw error;
    return { answer: provider.answers.outage, outage: error, paymentId };
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
async function takeGenuine(parts: AnsweringParts, received: ReceivedNotice): Promise<Verdict> {
  const isNew = received.callbackId === undefined;
  const accepted = isNew && isPaid(received) && (await parts.paidNotices.submit(received));
  if (accepted) return accepted;
  return parts.database.transact("handle-callback", (tx) =>
    isAboutMoney(received) ? takeMoneyNotice(tx, parts, received) : takeNotice(tx, parts, received),
  );
}

/** An unverified callback has no effect but its row, which holds the start of the body. */
async function storeUnverified(
  tx: Transaction,
  { identifiers }: AnsweringParts,
  { callback, cause }: { callback: Callback; cause: RefusalCause },
): Promise<Verdict> {
  const { provider, raw, callbackId } = callback;
  const verdict: Verdict = { kind: VerdictKind.REFUSED, cause };
  const columns = verdictColumns(verdict, { noticeId: null, paymentId: null });
  if (callbackId !== undefined) {
    await writeVerdict(tx, callbackId, columns);
    return verdict;
  }
  const row = {
    callbackId: identifiers.next(),
    provider: provider.name,
    source: Source.CALLBACK,
    headers: storedHeaders(provider, raw.headers),
    body: raw.body.subarray(0, MAX_UNVERIFIED_BYTES),
  };
  await insertCallbacks(tx, [{ ...row, ...columns }]);
  return verdict;
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

function answerFor({ answers }: PaymentProvider, verdict: Verdict): HttpAnswer {
  if (verdict.kind !== VerdictKind.REFUSED) return answers.success;
  switch (verdict.cause) {
    case "signature":
    case "stale":
    case "probe":
      return answers.forged;
    case "unknown_payment":
      // It may have overtaken the commit of its payment, so the provider has to repeat it.
      return answers.unknown;
    default:
      return answers.refused;
  }
}
