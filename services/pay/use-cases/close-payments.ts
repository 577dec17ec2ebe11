import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";
import { admitEvents, type Delivery } from "#platform/events/inbox.ts";
import { Checks } from "#platform/values/checks.ts";
import { Outage } from "#platform/values/refusal.ts";
import { PAYMENT_STATUS } from "../domain/payment.ts";
import { isCaptured } from "../domain/payment-state.ts";
import { CLOSING_CLAIM_MS, MAX_CLOSED_ORDERS, PLATFORM_IN_FLIGHT } from "../limits.ts";
import { closePayable } from "../store/payable-orders.ts";
import { type LockedPayment, lockPaymentsOf, markClosing } from "../store/payments.ts";
import type { Asking, Parts } from "./parts.ts";
import { type Settled, type Settling, settlePayment } from "./steps/settle-payment.ts";

export type CloseOutcome = { orderId: bigint; outcome: "closed" | "paid" | "unknown" };

/** Kept of the caller's deadline for the way back. */
const ANSWER_MS = 300;

/**
 * Takes no new payment for these orders, and closes their open ones, at the platform first. What was paid there counts
 * as paid. Where the platform does not answer in time the outcome is unknown, and the sweep goes on with it.
 */
export async function closePayments(
  parts: Settling,
  orderIds: readonly bigint[],
  { deadlineMs }: Pick<Asking, "deadlineMs">,
): Promise<CloseOutcome[]> {
  checkOrderIds(orderIds);
  const payments = await parts.database.transact("close-orders", async (tx) => {
    await closePayable(tx, orderIds);
    const found = await lockPaymentsOf(tx, orderIds);
    await markClosing(tx, orderIds, CLOSING_CLAIM_MS);
    return found;
  });
  const outcomes = new Map<bigint, CloseOutcome["outcome"]>();
  const note = (orderId: bigint, settled: Settled) => {
    outcomes.set(orderId, worse(outcomes.get(orderId), outcomeOf(settled)));
  };
  for (const { orderId, status } of payments) {
    if (isCaptured(status) && status !== PAYMENT_STATUS.REFUNDED) note(orderId, "paid");
  }
  const open = payments.filter(({ status }) => status === PAYMENT_STATUS.OPEN);
  const untilMs = deadlineMs - ANSWER_MS;
  await pMap(
    open,
    async (payment) => {
      note(payment.orderId, await settleUntil(parts, payment, untilMs));
    },
    { concurrency: PLATFORM_IN_FLIGHT },
  );
  return orderIds.map((orderId) => ({ orderId, outcome: outcomes.get(orderId) ?? "closed" }));
}

/** From the event that an order was cancelled: the same, with the platform's part left to the sweep. */
export async function closeCancelled(
  { database, wake }: Pick<Parts, "database" | "wake">,
  deliveries: readonly Delivery<{ orderId: bigint }>[],
): Promise<void> {
  await database.transact("close-cancelled", async (tx) => {
    const admitted = await admitEvents(tx, deliveries);
    const orderIds = admitted.map(({ message }) => message.orderId);
    if (orderIds.length === 0) return;
    await closePayable(tx, orderIds);
    await markClosing(tx, orderIds, 0);
    tx.afterCommit(wake.payments);
  });
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
  parts: Settling,
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

function outcomeOf(settled: Settled): CloseOutcome["outcome"] {
  return settled === "open" || settled === "disputed" ? "unknown" : settled;
}

/** Of several payments of one order: one that was paid decides, then one that nobody knows of. */
function worse(
  first: CloseOutcome["outcome"] | undefined,
  second: CloseOutcome["outcome"],
): CloseOutcome["outcome"] {
  if (first === "paid" || second === "paid") return "paid";
  return first === "unknown" ? first : second;
}
