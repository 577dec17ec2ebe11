import pMap from "p-map";
import { Outage } from "#platform/values/refusal.ts";
import { growingPause } from "../domain/pauses.ts";
import { LOG_TYPE } from "../domain/payment.ts";
import { allowsRefund, changeRefund, finishRefund } from "../domain/refund.ts";
import { MAX_SWEEP_PAUSE_MS, PLATFORM_IN_FLIGHT, SWEEP_BATCH } from "../limits.ts";
import { insertLog } from "../store/payment-log.ts";
import { lockPayment, readProviders, writeRefunded } from "../store/payments.ts";
import {
  lockDueRefunds,
  lockRefunds,
  postponeRefunds,
  type RefundRow,
  writeRefundDone,
  writeRefundFailed,
} from "../store/refunds.ts";
import type { Parts } from "./parts.ts";
import { platformNamed } from "./steps/platforms.ts";

export type SweptRefund = {
  refundId: bigint;
  paymentId: bigint;
  outcome: "succeeded" | "failed" | "unanswered" | "broken";
  error?: unknown;
};

type Sweeping = Pick<Parts, "database" | "identifiers" | "outbox" | "platforms" | "rules">;

/** Of the platform's own words. */
const MAX_FAILURE = 200;

/**
 * Carries out refunds at the platform, under their own numbers, again and again after growing pauses until each is
 * done. Returns what was tried, SWEEP_BATCH at most.
 */
export async function sweepRefunds(parts: Sweeping): Promise<SweptRefund[]> {
  const { refunds, providers } = await claim(parts);
  return pMap(
    refunds,
    async (refund): Promise<SweptRefund> => {
      const { refundId, paymentId, amountCents, attempt } = refund;
      try {
        const platform = platformNamed(parts, providers.get(paymentId) ?? "");
        const result = await platform.refund({ refundId, attempt, paymentId, amountCents });
        if (result === "succeeded") await finish(parts, refund);
        else await fail(parts, refund, result.failed.slice(0, MAX_FAILURE));
        return { refundId, paymentId, outcome: result === "succeeded" ? "succeeded" : "failed" };
      } catch (error) {
        const outcome = error instanceof Outage ? "unanswered" : "broken";
        return { refundId, paymentId, outcome, error };
      }
    },
    { concurrency: PLATFORM_IN_FLIGHT },
  );
}

function claim({
  database,
  rules,
}: Sweeping): Promise<{ refunds: RefundRow[]; providers: Map<bigint, string> }> {
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
    return { refunds, providers: await readProviders(tx, paymentIds) };
  });
}

async function finish(parts: Sweeping, { refundId, paymentId }: RefundRow): Promise<void> {
  await parts.database.transact("finish-refund", async (tx) => {
    const payment = await lockPayment(tx, paymentId);
    const refund = (await lockRefunds(tx, [refundId])).get(refundId);
    if (!payment || !refund) throw new Error(`refund ${refundId} is gone`);
    // Another replica was as far.
    if (!allowsRefund(refund.status, "succeed")) return;
    const { amountCents } = refund;
    const { orderId, userId } = payment;
    await writeRefundDone(tx, { refundId, status: changeRefund(refund.status, "succeed") });
    await writeRefunded(tx, { paymentId, ...finishRefund(payment, amountCents) });
    const detail = `refund ${refundId} of ${amountCents} cents`;
    const logId = parts.identifiers.next();
    await insertLog(tx, [{ logId, paymentId, type: LOG_TYPE.REFUND_SUCCEEDED, detail }]);
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
 * The next try is a new attempt: what the platform has refused stays refused there, so money cannot move twice. The log
 * shows a failure once for each cause in a row, not once for each try.
 */
async function fail(
  { database, identifiers }: Sweeping,
  { refundId, paymentId, attempt }: RefundRow,
  failure: string,
): Promise<void> {
  await database.transact("fail-refund", async (tx) => {
    const refund = (await lockRefunds(tx, [refundId])).get(refundId);
    if (refund?.attempt !== attempt || !allowsRefund(refund.status, "fail")) return;
    const status = changeRefund(refund.status, "fail");
    await writeRefundFailed(tx, { refundId, status, failure });
    if (refund.failure === failure) return;
    const detail = `refund ${refundId}: ${failure}`;
    const logId = identifiers.next();
    await insertLog(tx, [{ logId, paymentId, type: LOG_TYPE.REFUND_FAILED, detail }]);
  });
}
