import { Checks } from "#platform/values/checks.ts";
import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import type { Notice } from "../domain/payment.ts";
import { type Judgement, type RefusalCause, VERDICT } from "../domain/verdict.ts";
import { MAX_CALLBACK_BYTES, MAX_UNPROVEN_BYTES } from "../limits.ts";
import type { HttpAnswer, PaymentPlatform, RawCallback } from "../providers/provider.ts";
import {
  type Content,
  insertCallbacks,
  readCallback,
  SOURCE,
  writeJudgement,
} from "../store/callbacks.ts";
import type { Parts } from "./parts.ts";
import { type Evidence, judgedOf } from "./steps/evidence.ts";
import { checkProvider, platformNamed } from "./steps/platforms.ts";
import { isPaid, takeNotice } from "./steps/take-notice.ts";

export type CallbackOutcome = {
  answer: HttpAnswer;
  /** Undefined where the database did not take it. */
  judgement: Judgement | undefined;
  paymentId: bigint | undefined;
  trouble?: Outage;
};

type Handling = Pick<Parts, "database" | "identifiers" | "outbox" | "platforms" | "payments">;

type Callback = {
  platform: PaymentPlatform;
  raw: RawCallback;
  /** When it came; its freshness is judged by that. */
  receivedMs: number;
  recordId?: bigint;
  traceparent?: string;
};

/** What is kept of a header: the values that callbacks are judged by are shorter. */
const MAX_KEPT_HEADER = 500;
const MAX_KEPT_HEADERS = 6;

/**
 * Takes a callback: verifies the raw bytes, then verdict, record, payment, log and event in one transaction, and says
 * what to answer. Where the database is in trouble that is the platform's failure answer, so that it calls again.
 */
export function handleCallback(
  parts: Handling,
  callback: RawCallback & { provider: string; traceparent: string },
): Promise<CallbackOutcome> {
  const { provider, headers, body, traceparent } = callback;
  const checks = new Checks();
  checkProvider(checks, provider);
  const isSmall = body.length <= MAX_CALLBACK_BYTES;
  checks.that("body", isSmall, `must have at most ${MAX_CALLBACK_BYTES} bytes`);
  checks.throwIfAny();
  const platform = platformNamed(parts, provider);
  const raw = { headers, body };
  return judgeCallback(parts, { platform, raw, receivedMs: Date.now(), traceparent });
}

/** Judges a recorded callback again, as of the time when it came. What it says is done where it was not. */
export async function judgeAgain(parts: Handling, callbackId: bigint): Promise<CallbackOutcome> {
  const recorded = await readCallback(parts.database, callbackId);
  if (recorded?.source !== SOURCE.CALLBACK) {
    const field = "callback_id";
    const description = "is not the id of a recorded callback";
    throw new Refusal(Reason.INVALID_ARGUMENT, {}, [{ field, description }]);
  }
  return judgeCallback(parts, {
    platform: platformNamed(parts, recorded.provider),
    raw: recorded,
    receivedMs: recorded.receiveTime.getTime(),
    recordId: callbackId,
  });
}

async function judgeCallback(parts: Handling, callback: Callback): Promise<CallbackOutcome> {
  const { platform, raw } = callback;
  const read = platform.readCallback({ ...raw, nowMs: callback.receivedMs });
  const paymentId = read.genuine ? read.notice.paymentId : undefined;
  try {
    const judgement = read.genuine
      ? await judgeGenuine(parts, evidenceOf(callback, read.notice))
      : await parts.database.transact("record-unproven", (tx) =>
          recordUnproven(tx, parts, { callback, cause: read.cause }),
        );
    return { answer: answerTo(platform, judgement), judgement, paymentId };
  } catch (error) {
    if (!(error instanceof Outage)) throw error;
    return { answer: platform.answers.outage, judgement: undefined, paymentId, trouble: error };
  }
}

function evidenceOf(callback: Callback, notice: Notice): Evidence {
  const { platform, raw, recordId, traceparent } = callback;
  return {
    notice,
    platform,
    source: SOURCE.CALLBACK,
    content: { headers: keptHeaders(platform, raw.headers), body: raw.body },
    ...(recordId !== undefined && { recordId }),
    ...(traceparent && { traceparent }),
  };
}

/** Together with others that are in flight, where it is as nearly all are. */
async function judgeGenuine(parts: Handling, evidence: Evidence): Promise<Judgement> {
  const isNew = evidence.recordId === undefined;
  const accepted = isNew && isPaid(evidence) ? await parts.payments.submit(evidence) : undefined;
  return (
    accepted ?? parts.database.transact("handle-callback", (tx) => takeNotice(tx, parts, evidence))
  );
}

/** What nobody proved to have sent has no effect but a record, with the beginning of its body. */
async function recordUnproven(
  tx: Parameters<typeof insertCallbacks>[0],
  { identifiers }: Handling,
  { callback, cause }: { callback: Callback; cause: RefusalCause },
): Promise<Judgement> {
  const { platform, raw, recordId } = callback;
  const judgement: Judgement = { verdict: VERDICT.REFUSED, cause };
  const judged = judgedOf(judgement, { noticeId: null, paymentId: null });
  if (recordId !== undefined) {
    await writeJudgement(tx, recordId, { ...judged, content: undefined });
    return judgement;
  }
  const content: Content = {
    headers: keptHeaders(platform, raw.headers),
    body: raw.body.subarray(0, MAX_UNPROVEN_BYTES),
  };
  const callbackId = identifiers.next();
  const source = SOURCE.CALLBACK;
  const provider = platform.name;
  await insertCallbacks(tx, [{ callbackId, provider, source, ...judged, ...content }]);
  return judgement;
}

/** Only the headers that the platform is judged by: no token, no cookie, nothing without bound. */
function keptHeaders(
  { headerPrefix }: PaymentPlatform,
  headers: RawCallback["headers"],
): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => name.startsWith(headerPrefix));
  return Object.fromEntries(
    kept
      .slice(0, MAX_KEPT_HEADERS)
      .map(([name, value]) => [name.slice(0, 64), value.slice(0, MAX_KEPT_HEADER)]),
  );
}

function answerTo({ answers }: PaymentPlatform, judgement: Judgement): HttpAnswer {
  if (!("cause" in judgement)) return answers.success;
  switch (judgement.cause) {
    case "signature":
    case "stale":
      return answers.forged;
    case "unknown_payment":
      // It may have overtaken the commit of its payment: the platform shall call again.
      return answers.unknown;
    default:
      return answers.refused;
  }
}
