import { LOG_TYPE, type LogType, type Notice } from "../../domain/payment.ts";
import { type Judgement, REASON_OF, VERDICT } from "../../domain/verdict.ts";
import type { PaymentPlatform } from "../../providers/provider.ts";
import {
  type Content,
  type Judged,
  type NewCallback,
  SOURCE,
  type Source,
} from "../../store/callbacks.ts";
import type { NewLogEntry } from "../../store/payment-log.ts";
import type { Parts } from "../parts.ts";

/** A notice that is known to come from the platform, and what it was read from. */
export type Evidence<N extends Notice = Notice> = {
  notice: N;
  platform: Pick<PaymentPlatform, "name" | "merchantId">;
  source: Source;
  content: Content;
  /** The record that is judged again; undefined for a callback that has just come. */
  recordId?: bigint;
  traceparent?: string;
};

type Numbering = Pick<Parts, "identifiers">;

export function judgedOf(judgement: Judgement, of: Pick<Judged, "noticeId" | "paymentId">): Judged {
  const { verdict } = judgement;
  if (!("cause" in judgement)) return { verdict, cause: "", reason: 0, ...of };
  return { verdict, cause: judgement.cause, reason: REASON_OF[judgement.cause], ...of };
}

/** The record of a notice that comes for the first time. */
export function newRecord(
  { identifiers }: Numbering,
  { notice, platform, source, content }: Evidence,
  judgement: Judgement,
): NewCallback {
  const { noticeId, paymentId } = notice;
  const judged = judgedOf(judgement, { noticeId, paymentId });
  const provider = platform.name;
  return { callbackId: identifiers.next(), provider, source, ...judged, ...content };
}

/** What the log of its payment says of it: one entry or none. */
export function logEntries(
  { identifiers }: Numbering,
  evidence: Evidence,
  judgement: Judgement,
): NewLogEntry[] {
  const entry = entryOf(evidence, judgement);
  if (!entry) return [];
  return [{ logId: identifiers.next(), paymentId: evidence.notice.paymentId, ...entry }];
}

function entryOf(
  { notice, source, recordId }: Evidence,
  judgement: Judgement,
): { type: LogType; detail: string } | undefined {
  const origin = source === SOURCE.QUERY ? "query" : `notice ${notice.noticeId}`;
  switch (judgement.verdict) {
    case VERDICT.ACCEPTED:
      return { type: LOG_TYPE.CALLBACK_ACCEPTED, detail: origin };
    case VERDICT.LATE:
      return { type: LOG_TYPE.CALLBACK_ACCEPTED, detail: `${origin}: late, it was closed` };
    case VERDICT.REPEATED:
      // Judging a record again is no callback.
      if (recordId !== undefined) return undefined;
      return { type: LOG_TYPE.CALLBACK_REPEATED, detail: origin };
    case VERDICT.REFUSED: {
      const { cause } = judgement;
      return { type: LOG_TYPE.CALLBACK_REFUSED, detail: `${origin}: ${cause}` };
    }
    default:
      return undefined;
  }
}
