import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";
import { Checks } from "#platform/values/checks.ts";
import { Outage } from "#platform/values/refusal.ts";
import { PaymentStatus } from "../domain/payment.ts";
import { isCaptured } from "../domain/payment-transitions.ts";
import {
  CLOSING_CLAIM_MS,
  MAX_CLOSED_ORDERS,
  PROCESSING_PATIENCE_MS,
  PROVIDER_IN_FLIGHT,
} from "../limits.ts";
import { type LockedPayment, lockPaymentsOf } from "../store/lock-payments.ts";
import { closePayable } from "../store/payable-orders.ts";
import { storedPayment } from "../store/stored-payment.ts";
import { markClosing } from "../store/write-payments.ts";
import type { CallContext } from "./parts.ts";
import { type Settled, type SettlingParts, settlePayment } from "./steps/settle-payment.ts";

type CloseOutcome = { orderId: bigint; outcome: "closed" | "paid" | "unknown" };

/** Part of the caller's deadline that is left for the answer's way back. */
const ANSWER_MS = 300;

/**
 * Closes the orders to new payments, and their open payments, each at its provider first. Returns
 * one outcome for each order, in their order. "paid": the provider had already taken the money.
 * "unknown": the provider does not answer in time, or the money is on its way; the sweep continues.
 * Idempotent.
 */
export async function closePayments(
  parts: SettlingParts,
  orderIds: readonly bigint[],
  { deadlineMs }: Pick<CallContext, "deadlineMs">,
): Promise<CloseOutcome[]> {
  checkOrderIds(orderIds);
  const payments = await parts.database.transact("close-orders", async (tx) => {
    await closePayable(tx, orderIds);
    const found = await lockPaymentsOf(tx, orderIds);
    await markClosing(tx, orderIds, CLOSING_CLAIM_MS);
    return found;
  });
  const outcomes = new Map<bigint, CloseOutcome["outcome"]>();
  const note = (orderId: bigint, outcome: CloseOutcome["outcome"]) => {
    outcomes.set(orderId, combine(outcomes.get(orderId), outcome));
  };
  for (const { orderId, status } of payments) {
    if (isCaptured(status) && status !== PaymentStatus.REFUNDED) note(orderId, "paid");
  }
  const open = payments.filter(({ status }) => status === PaymentStatus.OPEN);
  const untilMs = deadlineMs - ANSWER_MS;
  await pMap(
    open,
    async (payment) => {
      const settled = await settleUntil(parts, payment, untilMs);
      note(payment.orderId, outcomeOf(settled, payment));
    },
    { concurrency: PROVIDER_IN_FLIGHT },
  );
  return orderIds.map((orderId) => ({ orderId, outcome: outcomes.get(orderId) ?? "closed" }));
}

function checkOrderIds(orderIds: readonly bigint[]): void {
  const checks = new Checks();
  checks.count("order_ids", orderIds, { min: 1, max: MAX_CLOSED_ORDERS });
  if (!checks.failed) {
    orderIds.forEach((orderId, index) => {
      checks.identifier(`order_ids[${index}]`, orderId);
    });
  }
  checks.throwIfAny();
}

async function settleUntil(
  parts: SettlingParts,
  payment: LockedPayment,
  untilMs: number,
): Promise<Settled> {
  const leftMs = untilMs - Date.now();
  if (leftMs <= 0) return "open";
  const ended = new AbortController();
  const late = pause(leftMs, "open" as const, { signal: ended.signal }).catch(
    () => "open" as const,
  );
  const settling = settlePayment(parts, payment, { closing: true }).catch((error: unknown) => {
    if (error instanceof Outage) return "open" as const;
    throw error;
  });
  try {
    return await Promise.race([settling, late]);
  } finally {
    ended.abort();
  }
}

/**
 * A payment that has not begun holds no order up, and one whose money is on its way does so for a
 * while only. The sweep closes it once it can. If its money arrives after all, the order service
 * requests a refund, as for any money that comes too late.
 */
function outcomeOf(settled: Settled, payment: LockedPayment): CloseOutcome["outcome"] {
  switch (settled) {
    case "closed":
    case "paid":
      return settled;
    case "not_begun":
      return "closed";
    case "processing": {
      const { expireTime } = storedPayment(payment);
      const isPatient = Date.now() <= expireTime.getTime() + PROCESSING_PATIENCE_MS;
      return isPatient ? "unknown" : "closed";
    }
    default:
      return "unknown";
  }
}

/** The outcome of an order with several payments: "paid" counts most, then "unknown". */
function combine(
  first: CloseOutcome["outcome"] | undefined,
  second: CloseOutcome["outcome"],
): CloseOutcome["outcome"] {
  if (first === "paid" || second === "paid") return "paid";
  return first === "unknown" ? first : second;
}
