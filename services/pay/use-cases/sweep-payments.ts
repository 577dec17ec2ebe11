import pMap from "p-map";
import { Outage } from "#platform/values/refusal.ts";
import { growingPause } from "../domain/pauses.ts";
import {
  FIRST_CLOSING_PAUSE_MS,
  MAX_SWEEP_PAUSE_MS,
  PLATFORM_IN_FLIGHT,
  SWEEP_BATCH,
} from "../limits.ts";
import { type DuePayment, lockDuePayments, postponeChecks } from "../store/payments.ts";
import type { Parts } from "./parts.ts";
import { type Settled, type Settling, settlePayment } from "./steps/settle-payment.ts";

export type SweptPayment = {
  paymentId: bigint;
  outcome: Settled | "unanswered" | "broken";
  error?: unknown;
};

/**
 * Asks the platforms about open payments whose time has come, so that a callback that never comes is found, and closes
 * those whose orders are given up. Each is taken by one replica, and again after a growing pause for as long as it is
 * open. Returns what was taken, SWEEP_BATCH at most.
 */
export async function sweepPayments(
  parts: Settling & Pick<Parts, "rules">,
): Promise<SweptPayment[]> {
  const due = await parts.database.transact("claim-payments", async (tx) => {
    const longestPauseMs = Math.max(parts.rules.queryAfterMs, MAX_SWEEP_PAUSE_MS);
    const payments = await lockDuePayments(tx, { limit: SWEEP_BATCH, longestPauseMs });
    for (const [pauseMs, group] of Map.groupBy(payments, (one) => pauseOf(one, parts.rules))) {
      const ids = group.map(({ paymentId }) => paymentId);
      await postponeChecks(tx, ids, pauseMs);
    }
    return payments;
  });
  return pMap(
    due,
    async (payment) => {
      const { paymentId, closing } = payment;
      try {
        return { paymentId, outcome: await settlePayment(parts, payment, { closing }) };
      } catch (error) {
        return { paymentId, outcome: error instanceof Outage ? "unanswered" : "broken", error };
      }
    },
    { concurrency: PLATFORM_IN_FLIGHT },
  );
}

function pauseOf({ closing, checks }: DuePayment, { queryAfterMs }: Parts["rules"]): number {
  const firstMs = closing ? FIRST_CLOSING_PAUSE_MS : queryAfterMs;
  return growingPause(checks, { firstMs, maxMs: MAX_SWEEP_PAUSE_MS });
}
