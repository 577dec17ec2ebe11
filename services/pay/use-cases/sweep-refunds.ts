import pMap from "p-map";
import { amountText } from "#platform/values/currencies.ts";
import { Outage } from "#platform/values/refusal.ts";
import { growingPause } from "../domain/pause.ts";
import { LogType } from "../domain/payment.ts";
import { allowsRefund, applyRefund, finishRefund } from "../domain/refund.ts";
import { MAX_SWEEP_PAUSE_MS, PROVIDER_IN_FLIGHT, SWEEP_BATCH } from "../limits.ts";
import { lockPayment, type PaidPayment, readPaid } from "../store/lock-payments.ts";
import { insertLog } from "../store/payment-log.ts";
import {
  lockDueRefunds,
  lockRefunds,
  postponeRefunds,
  type RefundRow,
  writeRefundDone,
  writeRefundFailed,
} from "../store/refunds.ts";
import { storedPayment } from "../store/stored-payment.ts";
import { writeRefunded } from "../store/write-payments.ts";
import type { Parts } from "./parts.ts";
import { providerOf } from "./steps/find-provider.ts";

type SweptRefund = {
  refundId: bigint;
  paymentId: bigint;
  /**
   * "failed": the provider refused. "waiting": it has not decided. "unanswered": it does not
   * answer. "broken": `error` is a bug.
   */
  outcome: "succeeded" | "failed" | "waiting" | "unanswered" | "broken";
  error?: unknown;
};

type SweepingParts = Pick<Parts, "database" | "identifiers" | "outbox" | "providers" | "rules">;
type Claimed = { refunds: RefundRow[]; payments: Map<bigint, PaidPayment> };

/** Characters kept of the provider's cause: the width of its column. */
const MAX_FAILURE = 200;

/**
 * Carries out due refunds at their providers. A refund is retried after growing pauses until it
 * succeeds. Returns what it tried: SWEEP_BATCH at most.
 */
export async function sweepRefunds(parts: SweepingParts): Promise<SweptRefund[]> {
  const { refunds, payments } = await claim(parts);
  return pMap(
    refunds,
    async (refund): Promise<SweptRefund> => {
      const { refundId, paymentId } = refund;
      try {
        const outcome = await tryRefund(parts, refund, payments.get(paymentId));
        return { refundId, paymentId, outcome };
      } catch (error) {
        const outcome = error instanceof Outage ? "unanswered" : "broken";
        return { refundId, paymentId, outcome, error };
      }
    },
    { concurrency: PROVIDER_IN_FLIGHT },
  );
}

function claim({ database, rules }: SweepingParts): Promise<Claimed> {
  const bounds = { firstMs: rules.refundRetryMs, maxMs: MAX_SWEEP_PAUSE_MS };
  return database.transact("claim-refunds", async (tx) => {
    const longestPauseMs = Math.max(rules.refundRetryMs, MAX_SWEEP_PAUSE_MS);
    const refunds = await lockDueRefunds(tx, { limit: SWEEP_BATCH, longestPauseMs });
    const groups = Map.groupBy(refunds, ({ tries }) => growingPause(tries, bounds));
    for (const [pauseMs, group] of groups) {
      const ids = group.map(({ refundId }) => refundId);
      await postponeRefunds(tx, ids, pauseMs);
    }
    const paymentIds = refunds.map(({ paymentId }) => paymentId);
    return { refunds, payments: await readPaid(tx, paymentIds) };
  });
}

async function tryRefund(
  parts: SweepingParts,
  refund: RefundRow,
  payment: PaidPayment | undefined,
): Promise<"succeeded" | "failed" | "waiting"> {
  const { refundId, paymentId, attempt, amountCents } = refund;
  if (!payment) throw new Error(`refund ${refundId} is of payment ${paymentId}, which has no row`);
  const provider = providerOf(parts, payment);
  const stored = storedPayment(payment);
  const request = { refundId, attempt, payment: stored, amountCents, reference: null };
  const outcome = await provider.refund(request);
  switch (outcome.state) {
    case "succeeded":
      await finish(parts, refund);
      return "succeeded";
    case "failed":
      await fail(parts, refund, outcome.cause.slice(0, MAX_FAILURE));
      return "failed";
    default:
      // Repeated with the same number.
      return "waiting";
  }
}

async function finish(parts: SweepingParts, { refundId, paymentId }: RefundRow): Promise<void> {
  await parts.database.transact("finish-refund", async (tx) => {
    const payment = await lockPayment(tx, paymentId);
    const refund = (await lockRefunds(tx, [refundId])).get(refundId);
    if (!payment || !refund) throw new Error(`refund ${refundId} or its payment has no row`);
    // Another replica finished it first.
    if (!allowsRefund(refund.status, "succeed")) return;
    const { amountCents } = refund;
    const { orderId, userId } = payment;
    await writeRefundDone(tx, { refundId, status: applyRefund(refund.status, "succeed") });
    await writeRefunded(tx, { paymentId, ...finishRefund(payment, amountCents) });
    const detail = `refund ${refundId} of ${amountText(amountCents, payment.currency)}`;
    const logId = parts.identifiers.next();
    await insertLog(tx, [{ logId, paymentId, type: LogType.REFUND_SUCCEEDED, detail }]);
    await parts.outbox.add(tx, [
      {
        fact: "pay.v1.refunded",
        message: { paymentId, orderId, userId, refundId, amountCents },
        aggregateId: orderId,
      },
    ]);
  });
}

/**
 * Ends the attempt. The provider keeps refusing its number, so the next try with a new number
 * cannot move money twice. The log gets one entry for each run of equal causes, not one for each
 * try.
 */
async function fail(
  { database, identifiers }: SweepingParts,
  { refundId, paymentId, attempt }: RefundRow,
  failure: string,
): Promise<void> {
  await database.transact("fail-refund", async (tx) => {
    const refund = (await lockRefunds(tx, [refundId])).get(refundId);
    if (refund?.attempt !== attempt || !allowsRefund(refund.status, "fail")) return;
    const status = applyRefund(refund.status, "fail");
    await writeRefundFailed(tx, { refundId, status, failure });
    if (refund.failure === failure) return;
    const detail = `refund ${refundId}: ${failure}`;
    const logId = identifiers.next();
    await insertLog(tx, [{ logId, paymentId, type: LogType.REFUND_FAILED, detail }]);
  });
}
