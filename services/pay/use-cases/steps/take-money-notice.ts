import type { Transaction } from "#platform/db/database.ts";
import type { DisputeNotice, Notice, RefundNotice } from "../../domain/notice.ts";
import { type Verdict, VerdictKind } from "../../domain/verdict.ts";
import { MAX_LOGGED_REPETITIONS } from "../../limits.ts";
import { type LockedPayment, lockPayment, ownerOfTrade } from "../../store/lock-payments.ts";
import { insertLog } from "../../store/payment-log.ts";
import type { Parts } from "../parts.ts";
import { logEntries, type ReceivedNotice } from "./received-notice.ts";
import { takeDisputeNotice } from "./take-dispute-notice.ts";
import { storeVerdict, type TakenNotice } from "./take-notice.ts";
import { takeRefundNotice } from "./take-refund-notice.ts";

/** A notice about money of a payment that came in before: a refund, or a dispute. */
type MoneyNotice = RefundNotice | DisputeNotice;

type Needed = Pick<Parts, "identifiers" | "outbox" | "rules" | "wake">;

export function isAboutMoney(received: ReceivedNotice): received is ReceivedNotice<MoneyNotice> {
  return isRefund(received) || isDispute(received);
}

/** Gives the notice its effect, and stores and logs the verdict, all in this transaction. */
export async function takeMoneyNotice(
  tx: Transaction,
  parts: Needed,
  received: ReceivedNotice<MoneyNotice>,
): Promise<TakenNotice> {
  const payment = await lockPaymentOf(tx, received);
  if (!payment) {
    const verdict: Verdict = { kind: VerdictKind.REFUSED, cause: "unknown_payment" };
    const { ageMs } = await storeVerdict(tx, parts, { received, verdict });
    return { verdict, ageMs };
  }
  const { paymentId } = payment;
  const about = { ...received, notice: { ...received.notice, paymentId } };
  const verdict = await take(tx, parts, { received: about, payment });
  const { repeats, ageMs } = await storeVerdict(tx, parts, { received: about, verdict });
  if (repeats <= MAX_LOGGED_REPETITIONS) {
    await insertLog(tx, logEntries(parts, about, verdict));
  }
  return { verdict, ageMs };
}

function take(
  tx: Transaction,
  parts: Needed,
  { received, payment }: { received: ReceivedNotice<MoneyNotice>; payment: LockedPayment },
): Promise<Verdict> {
  if (isRefund(received)) return takeRefundNotice(tx, parts, { received, payment });
  if (isDispute(received)) return takeDisputeNotice(tx, parts, { received, payment });
  throw new Error("a notice about money is about a refund or a dispute");
}

/** The payment that the notice names, by the shop's number or by the provider's. */
async function lockPaymentOf(
  tx: Transaction,
  { notice, provider: { name: provider } }: ReceivedNotice<MoneyNotice>,
): Promise<LockedPayment | undefined> {
  const { tradeId } = notice;
  const byTrade =
    notice.paymentId === undefined && tradeId !== undefined
      ? await ownerOfTrade(tx, { provider, tradeId })
      : undefined;
  const paymentId = notice.paymentId ?? byTrade;
  const payment = paymentId === undefined ? undefined : await lockPayment(tx, paymentId);
  return payment?.provider === provider ? payment : undefined;
}

function isRefund(received: ReceivedNotice<Notice>): received is ReceivedNotice<RefundNotice> {
  return received.notice.kind === "refund";
}

function isDispute(received: ReceivedNotice<Notice>): received is ReceivedNotice<DisputeNotice> {
  return received.notice.kind === "dispute";
}
