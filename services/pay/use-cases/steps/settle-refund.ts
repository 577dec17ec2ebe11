import type { Transaction } from "#platform/db/database.ts";
import { LogType } from "../../domain/payment.ts";
import {
  applyRefund,
  finishRefund,
  RefundStatus,
  reopenRefund,
  transitionFor,
} from "../../domain/refund.ts";
import { lockPayment } from "../../store/lock-payments.ts";
import { lockRefunds, type RefundRow, writeRefund } from "../../store/refunds.ts";
import { writeRefunded } from "../../store/write-payments.ts";
import type { Parts } from "../parts.ts";
import { longestRefundPauseMs, refundPause } from "./refund-pause.ts";
import {
  causeOf,
  factOf,
  logRefund,
  type RefundReport,
  referenceOf,
  sumText,
} from "./refund-report.ts";

type Rules = Pick<Parts["rules"], "refundRetryMs">;
export type SettlingRefundParts = Pick<Parts, "identifiers" | "outbox"> & { rules: Rules };
/**
 * What became of a refund. "refused" and "requires_action" are returned once for each new cause:
 * afterwards the refund is "unchanged".
 */
export type SettledRefund =
  | "succeeded"
  | "accepted"
  | "reopened"
  | "failed"
  | "refused"
  | "requires_action"
  | "unchanged";

/**
 * Brings a refund to what its provider says of the number with this attempt: row, payment, log and
 * event, in this transaction. Changes nothing if the refund has another number by now. Idempotent,
 * and safe beside other transactions: all lock the payment first, then the refund.
 */
export async function settleRefund(
  tx: Transaction,
  parts: SettlingRefundParts,
  about: Pick<RefundReport, "said" | "queryAfterMs"> & {
    refund: Pick<RefundRow, "refundId" | "paymentId" | "attempt">;
  },
): Promise<SettledRefund> {
  const { refundId, paymentId, attempt } = about.refund;
  const payment = await lockPayment(tx, paymentId);
  const refund = (await lockRefunds(tx, [refundId])).get(refundId);
  if (!payment || !refund) throw new Error(`refund ${refundId} or its payment has no row`);
  if (refund.attempt !== attempt) return "unchanged";
  return takeTransition(tx, parts, { ...about, refund, payment });
}

async function takeTransition(
  tx: Transaction,
  parts: SettlingRefundParts,
  about: RefundReport,
): Promise<SettledRefund> {
  const transition = transitionFor(about.refund.status, about.said);
  switch (transition) {
    case "succeed":
      await succeed(tx, parts, about);
      return "succeeded";
    case "accept":
      await accept(tx, parts, about);
      return "accepted";
    case "reopen":
      await reopen(tx, parts, about);
      return "reopened";
    default:
      return retryLater(tx, parts, about, transition);
  }
}

async function succeed(
  tx: Transaction,
  parts: SettlingRefundParts,
  about: RefundReport,
): Promise<void> {
  const { refund, payment } = about;
  const { refundId, paymentId, amountCents } = refund;
  const status = applyRefund(refund.status, "succeed");
  await writeRefund(tx, refundId, { ...referenceOf(about), status, failure: "", finished: true });
  await writeRefunded(tx, { paymentId, ...finishRefund(payment, amountCents) });
  await logRefund(tx, parts, about, { type: LogType.REFUND_SUCCEEDED, detail: sumText(about) });
  await parts.outbox.add(tx, [
    { fact: "pay.v1.refunded", message: factOf(about), aggregateId: payment.orderId },
  ]);
}

async function accept(
  tx: Transaction,
  parts: SettlingRefundParts,
  about: RefundReport,
): Promise<void> {
  const { refund, queryAfterMs } = about;
  const status = applyRefund(refund.status, "accept");
  const changes = { ...referenceOf(about), status, failure: "", pauseMs: queryAfterMs };
  await writeRefund(tx, refund.refundId, changes);
  await logRefund(tx, parts, about, { type: LogType.REFUND_PENDING, detail: sumText(about) });
}

async function reopen(
  tx: Transaction,
  parts: SettlingRefundParts,
  about: RefundReport,
): Promise<void> {
  const { refund, payment } = about;
  const { refundId, paymentId, amountCents, attempt } = refund;
  const reopens = refund.reopens + 1;
  const detail = causeOf(about.said);
  await writeRefund(tx, refundId, {
    status: applyRefund(refund.status, "reopen"),
    failure: detail,
    attempt: attempt + 1,
    reference: null,
    reopens,
    tries: 0,
    finished: false,
    pauseMs: parts.rules.refundRetryMs,
  });
  await writeRefunded(tx, { paymentId, ...reopenRefund(payment, amountCents) });
  const text = `${sumText(about)}${detail && `: ${detail}`}`;
  await logRefund(tx, parts, about, { type: LogType.REFUND_REOPENED, detail: text });
  const message = { ...factOf(about), reopens, detail };
  await parts.outbox.add(tx, [
    { fact: "pay.v1.refund_reopened", message, aggregateId: payment.orderId },
  ]);
}

/**
 * The next try has a new number only after a refusal for good. The log gets one entry for each run
 * of equal causes, not one for each try.
 */
async function retryLater(
  tx: Transaction,
  parts: SettlingRefundParts,
  about: RefundReport,
  transition: "repeat" | "fail" | "requireAction" | undefined,
): Promise<SettledRefund> {
  const { refund, payment, said } = about;
  const isSaidAgain = said.state === "again" && refund.status !== RefundStatus.SUCCEEDED;
  if (transition === undefined && !isSaidAgain) return "unchanged";
  const status = transition ? applyRefund(refund.status, transition) : refund.status;
  const cause = causeOf(said);
  const isNewCause = cause !== "" && cause !== refund.failure;
  await writeRefund(tx, refund.refundId, {
    status,
    failure: cause === "" ? refund.failure : cause,
    ...referenceOf(about),
    ...(transition === "fail" && { attempt: refund.attempt + 1, reference: null }),
    pauseMs: pauseAfter(about, parts.rules, status),
  });
  const isAction = transition === "requireAction";
  if (isNewCause) {
    const type = isAction ? LogType.REFUND_REQUIRES_ACTION : LogType.REFUND_FAILED;
    await logRefund(tx, parts, about, { type, detail: `refund ${refund.refundId}: ${cause}` });
  }
  if (isAction && refund.status !== RefundStatus.REQUIRES_ACTION) {
    const fact = "pay.v1.refund_requires_action";
    const message = { ...factOf(about), detail: cause };
    await parts.outbox.add(tx, [{ fact, message, aggregateId: payment.orderId }]);
  }
  if (transition === "fail") return "failed";
  if (!isNewCause) return "unchanged";
  return isAction ? "requires_action" : "refused";
}

/**
 * The pause that the provider names, up to the longest one of the shop, or a growing one. The claim
 * has counted the try already.
 */
function pauseAfter(
  { refund, said, queryAfterMs }: RefundReport,
  rules: Rules,
  status: RefundStatus,
) {
  if (said.state === "again" && said.afterMs !== undefined) {
    return Math.min(said.afterMs, longestRefundPauseMs(rules));
  }
  const tries = Math.max(0, refund.tries - 1);
  return refundPause({ status, tries }, { ...rules, queryAfterMs });
}
