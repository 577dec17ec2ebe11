import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Transaction } from "#platform/db/database.ts";
import { newEvent } from "#platform/events/outbox.ts";
import { PaymentSucceededSchema } from "#proto/shop/event/v1/event_pb.ts";
import type { PaymentPlatform } from "../clients/platform.ts";
import { LOG_TYPE, type LogType, type Notice, type PaidNotice } from "../domain/payment.ts";
import { changePayment, type PaymentChange } from "../domain/payment-state.ts";
import { type Judgement, judge, REASON_OF, recording, VERDICT } from "../domain/verdict.ts";
import { MAX_LOGGED_REPETITIONS } from "../limits.ts";
import {
  type Content,
  countRepetition,
  insertCallback,
  type Judged,
  lockNotice,
  SOURCE,
  type Source,
  writeJudgement,
} from "../store/callbacks.ts";
import { insertLog } from "../store/payment-log.ts";
import { type LockedPayment, lockPayment, ownerOfTrade, writePaid } from "../store/payments.ts";
import type { Parts } from "./parts.ts";

/** A notice that is known to come from the platform, and what it was read from. */
export type Evidence = {
  notice: Notice;
  platform: Pick<PaymentPlatform, "name" | "merchantId">;
  source: Source;
  content: Content;
  /** The record that is judged again; undefined for a callback that has just come. */
  recordId?: bigint;
  traceparent?: string;
};

type Taking = Pick<Parts, "identifiers" | "outbox">;

/**
 * Gives a notice its effect in this transaction: judges it, puts it on record, and where money came in, marks the
 * payment paid, with its log and its event.
 */
export async function takeNotice(
  tx: Transaction,
  parts: Taking,
  evidence: Evidence,
): Promise<Judgement> {
  const { notice, platform } = evidence;
  const { name: provider, merchantId } = platform;
  const found = await lockPayment(tx, notice.paymentId);
  const payment = found?.provider === provider ? found : undefined;
  const tradeOwnerId = await ownerOfTrade(tx, { provider, tradeId: notice.tradeId });
  const judgement = judge(notice, { payment, tradeOwnerId, merchantId });
  const repeats = await record(tx, parts, { evidence, judgement });
  if (!payment) return judgement;
  if ("change" in judgement && notice.state === "paid") {
    await markPaid(tx, parts, { payment, notice, change: judgement.change, evidence });
  }
  if (repeats <= MAX_LOGGED_REPETITIONS) {
    const entry = logEntryOf(judgement, evidence);
    if (entry) {
      const { paymentId } = payment;
      await insertLog(tx, [{ logId: parts.identifiers.next(), paymentId, ...entry }]);
    }
  }
  return judgement;
}

async function markPaid(
  tx: Transaction,
  { outbox }: Taking,
  paid: {
    payment: LockedPayment;
    notice: PaidNotice;
    change: PaymentChange;
    evidence: Evidence;
  },
): Promise<void> {
  const { payment, notice, change, evidence } = paid;
  const { paymentId, orderId, userId, amountCents } = payment;
  const { tradeId, payTime } = notice;
  await writePaid(tx, {
    paymentId,
    status: changePayment(payment.status, change),
    tradeId,
    payTime,
  });
  const { traceparent } = evidence;
  await outbox.add(tx, [
    newEvent("pay.v1.succeeded", PaymentSucceededSchema, {
      message: { paymentId, orderId, userId, amountCents, payTime: timestampFromDate(payTime) },
      orderId,
      consumers: ["order"],
      ...(traceparent && { traceparent }),
    }),
  ]);
}

/** Puts the judgement on record; answers how often this notice has come before. */
async function record(
  tx: Transaction,
  { identifiers }: Taking,
  { evidence, judgement }: { evidence: Evidence; judgement: Judgement },
): Promise<number> {
  const { notice, platform, source, content, recordId } = evidence;
  const { noticeId, paymentId } = notice;
  const provider = platform.name;
  const known = await lockNotice(tx, { provider, noticeId });
  const judged = judgedOf(judgement, { noticeId, paymentId });
  const insert = (as: Judged) =>
    insertCallback(tx, { callbackId: identifiers.next(), provider, source, ...as, ...content });
  const isAgain = recordId !== undefined;
  switch (recording(known?.verdict, judgement.verdict)) {
    case "insert":
      if (isAgain) await writeJudgement(tx, recordId, { ...judged, content: undefined });
      else await insert(judged);
      return 0;
    case "count":
      if (known && !isAgain) await countRepetition(tx, known.callbackId);
      break;
    case "replace":
      if (known) {
        const fresh = isAgain ? undefined : content;
        await writeJudgement(tx, known.callbackId, { ...judged, content: fresh });
      }
      break;
    case "apart":
      if (!isAgain) await insert({ ...judged, noticeId: null });
  }
  return (known?.repeats ?? 0) + 1;
}

export function judgedOf(judgement: Judgement, of: Pick<Judged, "noticeId" | "paymentId">): Judged {
  const { verdict } = judgement;
  if (!("cause" in judgement)) return { verdict, cause: "", reason: 0, ...of };
  return { verdict, cause: judgement.cause, reason: REASON_OF[judgement.cause], ...of };
}

function logEntryOf(
  judgement: Judgement,
  { notice, source, recordId }: Evidence,
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
