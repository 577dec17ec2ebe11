import pMap from "p-map";
import { Outage } from "#platform/values/refusal.ts";
import { growingPause } from "../domain/pause.ts";
import {
  FIRST_CLOSING_PAUSE_MS,
  MAX_SWEEP_PAUSE_MS,
  PROVIDER_IN_FLIGHT,
  SWEEP_BATCH,
} from "../limits.ts";
import {
  type DuePayment,
  lockDuePayments,
  ordersWithMoney,
  postponeChecks,
} from "../store/lock-payments.ts";
import type { Parts } from "./parts.ts";
import { type Settled, type SettlingParts, settlePayment } from "./steps/settle-payment.ts";

type SweptPayment = {
  paymentId: bigint;
  /** "unanswered": the provider does not answer. "broken": `error` is a bug. */
  outcome: Settled | "unanswered" | "broken";
  error?: unknown;
};

/**
 * Queries due open payments at their providers, so that no payment depends on its callback, and
 * closes those whose orders were given up, or paid through another provider. One replica takes each payment, and again after a
 * growing pause for as long as it is open. Returns what it took: SWEEP_BATCH at most.
 */
export async function sweepPayments(
  parts: SettlingParts & Pick<Parts, "rules">,
): Promise<SweptPayment[]> {
  return pMap(
    await claim(parts),
    async (payment) => {
      const { paymentId, closing } = payment;
      try {
        return { paymentId, outcome: await settlePayment(parts, payment, { closing }) };
      } catch (error) {
        return { paymentId, outcome: error instanceof Outage ? "unanswered" : "broken", error };
      }
    },
    { concurrency: PROVIDER_IN_FLIGHT },
  );
}

function claim({ database, rules }: Pick<Parts, "database" | "rules">): Promise<DuePayment[]> {
  return database.transact("claim-payments", async (tx) => {
    const longestPauseMs = Math.max(rules.queryAfterMs, MAX_SWEEP_PAUSE_MS);
    const due = await lockDuePayments(tx, { limit: SWEEP_BATCH, longestPauseMs });
    const orderIds = due.map(({ orderId }) => orderId);
    const paid = await ordersWithMoney(tx, orderIds);
    const payments = due.map((payment) => {
      return { ...payment, closing: payment.closing || paid.has(payment.orderId) };
    });
    for (const [pauseMs, group] of Map.groupBy(payments, (one) => pauseOf(one, rules))) {
      const ids = group.map(({ paymentId }) => paymentId);
      await postponeChecks(tx, ids, pauseMs);
    }
    return payments;
  });
}

function pauseOf({ closing, checks }: DuePayment, { queryAfterMs }: Parts["rules"]): number {
  const firstMs = closing ? FIRST_CLOSING_PAUSE_MS : queryAfterMs;
  return growingPause(checks, { firstMs, maxMs: MAX_SWEEP_PAUSE_MS });
}
