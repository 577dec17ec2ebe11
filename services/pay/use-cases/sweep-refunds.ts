import pMap from "p-map";
import type { Transaction } from "#platform/db/database.ts";
import { Outage } from "#platform/values/refusal.ts";
import { planTry, type RefundTry } from "../domain/refund-try.ts";
import { PROVIDER_IN_FLIGHT, SWEEP_BATCH } from "../limits.ts";
import type { PaymentProvider } from "../providers/provider.ts";
import { type LockedPayment, lockPayments } from "../store/lock-payments.ts";
import {
  lockDueRefunds,
  type RefundRow,
  type RefundSlot,
  readSlots,
  writeRefund,
  writeTry,
} from "../store/refunds.ts";
import { storedPayment } from "../store/stored-payment.ts";
import { writeRefundAfter } from "../store/write-payments.ts";
import type { Parts } from "./parts.ts";
import { providerOf } from "./steps/find-provider.ts";
import { longestRefundPauseMs, refundPause } from "./steps/refund-pause.ts";
import type { SaidOfRefund } from "./steps/refund-report.ts";
import { type SettledRefund, settleRefund } from "./steps/settle-refund.ts";

type SweptRefund = {
  refundId: bigint;
  paymentId: bigint;
  /**
   * "waiting": for the spacing between refunds of a payment. "unanswered": the provider does not
   * answer. "broken": `error` is a bug.
   */
  outcome: SettledRefund | "waiting" | "unanswered" | "broken";
  error?: unknown;
};

type SweepingParts = Pick<Parts, "database" | "identifiers" | "outbox" | "providers" | "rules">;
type Claimed = { refund: RefundRow; payment: LockedPayment; kind: RefundTry["kind"] };

/** Rules of a provider that is not configured: its refunds wait for it anyway. */
const NO_RULES = { spacingMs: 0, maxPerPayment: Number.POSITIVE_INFINITY, queryAfterMs: 60_000 };

/**
 * Carries out due refunds at their providers, and queries those that a provider has accepted. A
 * refund is retried after growing pauses until it succeeds, always under the same number unless the
 * provider refused that one for good. Returns what it took: SWEEP_BATCH at most.
 */
export async function sweepRefunds(parts: SweepingParts): Promise<SweptRefund[]> {
  return pMap(
    await claim(parts),
    async (claimed): Promise<SweptRefund> => {
      const { refundId, paymentId } = claimed.refund;
      try {
        return { refundId, paymentId, outcome: await take(parts, claimed) };
      } catch (error) {
        const outcome = error instanceof Outage ? "unanswered" : "broken";
        return { refundId, paymentId, outcome, error };
      }
    },
    { concurrency: PROVIDER_IN_FLIGHT },
  );
}

/**
 * Claims due refunds. The locked row of the payment keeps the spacing between its refunds, over all
 * replicas. A refund whose payment another transaction has locked stays due.
 */
function claim(parts: SweepingParts): Promise<Claimed[]> {
  const longestPauseMs = longestRefundPauseMs(parts.rules);
  return parts.database.transact("claim-refunds", async (tx) => {
    const due = await lockDueRefunds(tx, { limit: SWEEP_BATCH, longestPauseMs });
    const paymentIds = due.map(({ paymentId }) => paymentId);
    const payments = await lockPayments(tx, paymentIds, { skipLocked: true });
    const slots = await readSlots(tx, [...payments.keys()]);
    const claimed: Claimed[] = [];
    for (const refund of due) {
      const payment = payments.get(refund.paymentId);
      const slot = slots.get(refund.paymentId);
      if (!payment || !slot) continue;
      claimed.push({ refund, payment, kind: await claimOne(tx, parts, { refund, payment, slot }) });
    }
    return claimed;
  });
}

/** Writes when the refund is tried next, and takes its place among the refunds of the payment. */
async function claimOne(
  tx: Transaction,
  { providers, rules }: SweepingParts,
  { refund, payment, slot }: { refund: RefundRow; payment: LockedPayment; slot: RefundSlot },
): Promise<RefundTry["kind"]> {
  const { refundId, attempt } = refund;
  const provider = providers.get(payment.provider)?.refundRules ?? NO_RULES;
  const plan = planTry(refund, { ...provider, ...slot });
  if (plan.kind === "wait") {
    await writeRefund(tx, refundId, { pauseMs: plan.waitMs });
    return plan.kind;
  }
  const isSent = plan.kind === "send" || plan.kind === "resend";
  const sentAttempt = isSent ? attempt : refund.sentAttempt;
  const pauseMs = refundPause(refund, { ...rules, queryAfterMs: provider.queryAfterMs });
  await writeTry(tx, { refundId, sentAttempt, pauseMs });
  if (!isSent) return plan.kind;
  slot.sentNumbers += sentAttempt - refund.sentAttempt;
  if (provider.spacingMs > 0) {
    slot.waitMs = provider.spacingMs;
    await writeRefundAfter(tx, { paymentId: payment.paymentId, waitMs: provider.spacingMs });
  }
  return plan.kind;
}

async function take(
  parts: SweepingParts,
  { refund, payment, kind }: Claimed,
): Promise<SettledRefund | "waiting"> {
  if (kind === "wait") return "waiting";
  const provider = providerOf(parts, payment);
  const said = await ask(provider, { refund, payment, kind });
  const { queryAfterMs } = provider.refundRules;
  return parts.database.transact("settle-refund", (tx) =>
    settleRefund(tx, parts, { refund, said, queryAfterMs }),
  );
}

async function ask(
  provider: PaymentProvider,
  { refund, payment, kind }: Claimed,
): Promise<SaidOfRefund> {
  if (kind === "full") {
    const { maxPerPayment } = provider.refundRules;
    const cause = `${provider.name} accepts at most ${maxPerPayment} refunds of a payment`;
    return { state: "person", cause };
  }
  const { refundId, attempt, amountCents, reference } = refund;
  const request = { refundId, attempt, payment: storedPayment(payment), amountCents, reference };
  if (kind === "send") return provider.refund(request);
  const said = await provider.queryRefund(request);
  const isUndone = said.state === "unknown" || (said.state === "again" && !said.afterMs);
  return kind === "resend" && isUndone ? provider.refund(request) : said;
}
