import type { PaymentState, PaymentStatus } from "./payment.ts";
import { changePayment, isCaptured } from "./payment-state.ts";

export const REFUND_STATUS = { REQUESTED: 1, SUCCEEDED: 2, FAILED: 3 } as const;
export type RefundStatus = (typeof REFUND_STATUS)[keyof typeof REFUND_STATUS];

const { REQUESTED, SUCCEEDED, FAILED } = REFUND_STATUS;

/** FAILED is what the platform refused the last time; it is tried again for ever, and a person can see it. */
export const REFUND_CHANGES = {
  succeed: { from: [REQUESTED, FAILED], to: SUCCEEDED },
  fail: { from: [REQUESTED, FAILED], to: FAILED },
} as const satisfies Record<string, { from: readonly RefundStatus[]; to: RefundStatus }>;

export type RefundChange = keyof typeof REFUND_CHANGES;

export function allowsRefund(status: RefundStatus, change: RefundChange): boolean {
  const from: readonly RefundStatus[] = REFUND_CHANGES[change].from;
  return from.includes(status);
}

export function changeRefund(status: RefundStatus, change: RefundChange): RefundStatus {
  if (!allowsRefund(status, change)) {
    throw new Error(`a refund in status ${status} cannot ${change}`);
  }
  return REFUND_CHANGES[change].to;
}

/**
 * What the payment has been asked back once this refund is added. Throws where nothing came in or more would go out
 * than came in: the order service never asks for that, so a person has to look.
 */
export function addRefund(payment: PaymentState, amountCents: bigint): bigint {
  const { paymentId, status, refundRequestedCents } = payment;
  if (!isCaptured(status)) {
    throw new Error(`payment ${paymentId} in status ${status} has nothing to refund`);
  }
  if (amountCents <= 0n) throw new Error(`a refund of ${amountCents} cents of ${paymentId}`);
  const requested = refundRequestedCents + amountCents;
  if (requested > payment.amountCents) {
    throw new Error(
      `refunds of payment ${paymentId} would be ${requested} cents of ${payment.amountCents}`,
    );
  }
  return requested;
}

/** The payment once the platform has carried out a refund that was asked for before. */
export function finishRefund(
  payment: PaymentState,
  amountCents: bigint,
): { status: PaymentStatus; refundedCents: bigint } {
  const refundedCents = payment.refundedCents + amountCents;
  if (refundedCents > payment.refundRequestedCents) {
    throw new Error(`payment ${payment.paymentId} was never asked back ${refundedCents} cents`);
  }
  const change = refundedCents === payment.amountCents ? "refundWhole" : "refundPart";
  return { status: changePayment(payment.status, change), refundedCents };
}
