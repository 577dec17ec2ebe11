import type { PaymentState, PaymentStatus } from "./payment.ts";
import { applyPayment, isCaptured } from "./payment-transitions.ts";

/** FAILED: the provider refused the latest attempt. The sweep retries it without end. */
export const RefundStatus = { REQUESTED: 1, SUCCEEDED: 2, FAILED: 3 } as const;
export type RefundStatus = (typeof RefundStatus)[keyof typeof RefundStatus];

const { REQUESTED, SUCCEEDED, FAILED } = RefundStatus;

/** All transitions of a refund: the statuses each may start from, and the one it leads to. */
export const REFUND_TRANSITIONS = {
  succeed: { from: [REQUESTED, FAILED], to: SUCCEEDED },
  fail: { from: [REQUESTED, FAILED], to: FAILED },
} as const satisfies Record<string, { from: readonly RefundStatus[]; to: RefundStatus }>;

type RefundTransition = keyof typeof REFUND_TRANSITIONS;

export function allowsRefund(status: RefundStatus, transition: RefundTransition): boolean {
  const from: readonly RefundStatus[] = REFUND_TRANSITIONS[transition].from;
  return from.includes(status);
}

/** The status after the transition. Callers check the status first, so a forbidden one is a bug. */
export function applyRefund(status: RefundStatus, transition: RefundTransition): RefundStatus {
  if (!allowsRefund(status, transition)) {
    throw new Error(`refund status ${status} does not allow the transition ${transition}`);
  }
  return REFUND_TRANSITIONS[transition].to;
}

/**
 * The payment's `refundRequestedCents` once this refund is added. Throws if no money came in, or if
 * the refunds would exceed the payment: the order service never requests that, so it is a bug that
 * an operator has to look into.
 */
export function addRefund(payment: PaymentState, amountCents: bigint): bigint {
  const { paymentId, status, refundRequestedCents } = payment;
  if (!isCaptured(status)) {
    throw new Error(`payment ${paymentId} in status ${status} has nothing to refund`);
  }
  if (amountCents <= 0n) {
    throw new Error(`payment ${paymentId}: a refund of ${amountCents} cents is not positive`);
  }
  const requested = refundRequestedCents + amountCents;
  if (requested > payment.amountCents) {
    throw new Error(
      `refunds of payment ${paymentId} would be ${requested} cents of ${payment.amountCents}`,
    );
  }
  return requested;
}

/** The payment's status and refunded sum after the provider carried out a requested refund. */
export function finishRefund(
  payment: PaymentState,
  amountCents: bigint,
): { status: PaymentStatus; refundedCents: bigint } {
  const refundedCents = payment.refundedCents + amountCents;
  const { paymentId, refundRequestedCents } = payment;
  if (refundedCents > refundRequestedCents) {
    throw new Error(
      `payment ${paymentId} has ${refundedCents} cents refunded of ${refundRequestedCents} requested`,
    );
  }
  const transition = refundedCents === payment.amountCents ? "refundWhole" : "refundPart";
  return { status: applyPayment(payment.status, transition), refundedCents };
}
