import type { Transaction } from "#platform/db/database.ts";
import { amountText } from "#platform/values/currencies.ts";
import type { RefundNotice } from "../../domain/notice.ts";
import { LogType } from "../../domain/payment.ts";
import { RefundStatus } from "../../domain/refund.ts";
import { type Verdict, VerdictKind } from "../../domain/verdict.ts";
import { writeForeignRefund } from "../../store/foreign-refunds.ts";
import type { LockedPayment } from "../../store/lock-payments.ts";
import { insertLog } from "../../store/payment-log.ts";
import { lockRefunds, type RefundRow, writeRefund } from "../../store/refunds.ts";
import type { Parts } from "../parts.ts";
import type { ReceivedNotice } from "./received-notice.ts";
import type { SaidOfRefund } from "./refund-report.ts";
import { settleRefund } from "./settle-refund.ts";

type Needed = Pick<Parts, "identifiers" | "outbox" | "rules" | "wake">;
type Taken = { received: ReceivedNotice<RefundNotice>; payment: LockedPayment };

const IGNORED: Verdict = { kind: VerdictKind.IGNORED };
const RECORDED: Verdict = { kind: VerdictKind.RECORDED };

const STATUS_OF = {
  succeeded: RefundStatus.SUCCEEDED,
  pending: RefundStatus.PENDING,
  failed: RefundStatus.FAILED,
} as const;

/**
 * Takes a verified notice about a refund of this payment, whose row the transaction has locked. One
 * that the shop requested is settled by it, because a notice is a proof as much as an answer is.
 * Any other is stored as a difference and leaves the shop's refunds as they are.
 */
export async function takeRefundNotice(
  tx: Transaction,
  parts: Needed,
  { received, payment }: Taken,
): Promise<Verdict> {
  const { notice } = received;
  if (notice.currency !== payment.currency) {
    return { kind: VerdictKind.REFUSED, cause: "currency" };
  }
  const { refund: number } = notice;
  const refund = number && (await lockRefunds(tx, [number.refundId])).get(number.refundId);
  if (!number || refund?.paymentId !== payment.paymentId || number.attempt > refund.attempt) {
    return takeForeign(tx, parts, { received, payment });
  }
  // The provider had refused that number for good; its notices have come in another sequence.
  if (number.attempt < refund.attempt) return IGNORED;
  return takeOwn(tx, parts, { refund, notice });
}

async function takeOwn(
  tx: Transaction,
  parts: Needed,
  { refund, notice }: { refund: RefundRow; notice: RefundNotice },
): Promise<Verdict> {
  const { state, reference, cause = "" } = notice;
  // A state that is not final is left to a query, and so is a notice without the amount.
  if (state === "pending" || notice.amountCents !== refund.amountCents) {
    if (refund.status === RefundStatus.SUCCEEDED) return IGNORED;
    await writeRefund(tx, refund.refundId, { pauseMs: 0 });
    tx.afterCommit(parts.wake.refunds);
    return RECORDED;
  }
  const said: SaidOfRefund =
    state === "failed" ? { state, cause } : { state, ...(reference && { reference }) };
  const settled = await settleRefund(tx, parts, { refund, said, queryAfterMs: 0 });
  return settled === "unchanged" ? { kind: VerdictKind.REPEATED } : RECORDED;
}

async function takeForeign(
  tx: Transaction,
  { identifiers }: Needed,
  { received, payment }: Taken,
): Promise<Verdict> {
  const { notice, provider } = received;
  const { refund, amountCents = null, currency, state } = notice;
  const own = refund && [String(refund.refundId), String(refund.attempt)].join("-");
  const foreignId = notice.foreignId ?? own ?? notice.noticeId;
  const { paymentId } = payment;
  const row = { provider: provider.name, foreignId, paymentId, amountCents, currency };
  const isNew = await writeForeignRefund(tx, { ...row, status: STATUS_OF[state] });
  if (!isNew) return { kind: VerdictKind.REPEATED };
  const amount = amountCents === null ? "an unknown amount" : amountText(amountCents, currency);
  const detail = `refund ${foreignId} of ${amount}: ${state}`;
  const logId = identifiers.next();
  await insertLog(tx, [{ logId, paymentId, type: LogType.REFUND_FOREIGN, detail }]);
  return RECORDED;
}
