import type { Identifiers } from "#platform/db/identifiers.ts";
import {
  type Notice,
  type PaidNotice,
  paymentIdOf,
  type RawCallback,
} from "../../domain/notice.ts";
import { LogType } from "../../domain/payment.ts";
import { REASON_OF, type Verdict, VerdictKind } from "../../domain/verdict.ts";
import type { PaymentProvider } from "../../providers/provider.ts";
import type { NewCallback, VerdictColumns } from "../../store/callbacks.ts";
import { Source } from "../../store/entities.ts";
import type { NewLogEntry } from "../../store/payment-log.ts";

/** A notice with its origin. */
export type ReceivedNotice<N extends Notice = Notice> = {
  notice: N;
  provider: Pick<PaymentProvider, "name">;
  source: Source;
  /** What its row stores, so that it can be judged again. */
  raw: RawCallback;
  /** The row that is judged again; undefined for a notice that has just arrived. */
  callbackId?: bigint;
  traceparent?: string;
};

type Numbering = { identifiers: Pick<Identifiers, "next"> };

export function isPaid(received: ReceivedNotice): received is ReceivedNotice<PaidNotice> {
  return received.notice.kind === "paid";
}

export function verdictColumns(
  verdict: Verdict,
  about: Pick<VerdictColumns, "noticeId" | "paymentId">,
): VerdictColumns {
  const { kind } = verdict;
  if (kind !== VerdictKind.REFUSED) return { verdict: kind, cause: "", reason: 0, ...about };
  return { verdict: kind, cause: verdict.cause, reason: REASON_OF[verdict.cause], ...about };
}

/** The row of a notice that arrives for the first time. */
export function newCallback(
  { identifiers }: Numbering,
  { notice, provider, source, raw }: ReceivedNotice,
  verdict: Verdict,
): NewCallback {
  const { noticeId } = notice;
  const paymentId = paymentIdOf(notice) ?? null;
  const columns = verdictColumns(verdict, { noticeId, paymentId });
  return { callbackId: identifiers.next(), provider: provider.name, source, ...columns, ...raw };
}

/** The entry that the payment's log gets for the notice, if any. */
export function logEntries(
  { identifiers }: Numbering,
  received: ReceivedNotice,
  verdict: Verdict,
): NewLogEntry[] {
  const entry = logEntry(received, verdict);
  const paymentId = paymentIdOf(received.notice);
  if (!entry || paymentId === undefined) return [];
  return [{ logId: identifiers.next(), paymentId, ...entry }];
}

function logEntry(
  { notice, source, callbackId }: ReceivedNotice,
  verdict: Verdict,
): Pick<NewLogEntry, "type" | "detail"> | undefined {
  const origin = source === Source.QUERY ? "query" : `notice ${notice.noticeId}`;
  switch (verdict.kind) {
    case VerdictKind.ACCEPTED:
      return { type: LogType.CALLBACK_ACCEPTED, detail: origin };
    case VerdictKind.LATE:
      return { type: LogType.CALLBACK_ACCEPTED, detail: `${origin}: late, payment was closed` };
    case VerdictKind.REPEATED:
      // Judging a stored callback again is not a repetition.
      if (callbackId !== undefined) return undefined;
      return { type: LogType.CALLBACK_REPEATED, detail: origin };
    case VerdictKind.REFUSED:
      return { type: LogType.CALLBACK_REFUSED, detail: `${origin}: ${verdict.cause}` };
    default:
      return undefined;
  }
}
