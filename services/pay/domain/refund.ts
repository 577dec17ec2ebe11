import type { PaymentState, PaymentStatus } from "./payment.ts";
import { applyPayment, isCaptured } from "./payment-transitions.ts";

/**
 * FAILED: the provider refused the latest number for good, and the next try uses a new one.
 * REQUIRES_ACTION: no number helps until an operator acts. PENDING: the provider has accepted it and
 * decides later. The sweep goes on with all of them without end.
 */
export const RefundStatus = {
  REQUESTED: 1,
  SUCCEEDED: 2,
  FAILED: 3,
  REQUIRES_ACTION: 4,
  PENDING: 5,
} as const;
export type RefundStatus = (typeof RefundStatus)[keyof typeof RefundStatus];

const { REQUESTED, SUCCEEDED, FAILED, REQUIRES_ACTION, PENDING } = RefundStatus;

/** How far a refund is that the shop did not request. */
export type ForeignRefundStatus = typeof SUCCEEDED | typeof FAILED | typeof PENDING;

const UNFINISHED = [REQUESTED, FAILED, REQUIRES_ACTION, PENDING] as const;

/** All transitions of a refund: the statuses each may start from, and the one it leads to. */
export const REFUND_TRANSITIONS = {
  succeed: { from: UNFINISHED, to: SUCCEEDED },
  accept: { from: [REQUESTED, FAILED, REQUIRES_ACTION], to: PENDING },
  // The provider does not have it after all: it is sent again under the same number.
  repeat: { from: [PENDING], to: REQUESTED },
  fail: { from: UNFINISHED, to: FAILED },
  requireAction: { from: UNFINISHED, to: REQUIRES_ACTION },
  // The provider took the success back. It keeps the number, so the next try uses a new one.
  reopen: { from: [SUCCEEDED], to: FAILED },
} as const satisfies Record<string, { from: readonly RefundStatus[]; to: RefundStatus }>;

export type RefundTransition = keyof typeof REFUND_TRANSITIONS;

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

/** What a provider says of one number of a refund; see RefundOutcome of the providers. */
type Said = { state: "succeeded" | "pending" | "again" | "failed" | "person" | "unknown" };

/**
 * The transition that follows from what the provider says of the refund's latest number; undefined
 * if it says nothing new. Only a refusal for good leads to a new number.
 */
export function transitionFor(status: RefundStatus, said: Said): RefundTransition | undefined {
  const isDone = status === SUCCEEDED;
  switch (said.state) {
    case "succeeded":
      return isDone ? undefined : "succeed";
    case "failed":
      return isDone ? "reopen" : "fail";
    case "person":
      return isDone ? undefined : "requireAction";
    case "pending":
      return allowsRefund(status, "accept") ? "accept" : undefined;
    default:
      return allowsRefund(status, "repeat") ? "repeat" : undefined;
  }
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

/** The payment's status and refunded sum after the provider took the success of a refund back. */
export function reopenRefund(
  payment: PaymentState,
  amountCents: bigint,
): { status: PaymentStatus; refundedCents: bigint } {
  const refundedCents = payment.refundedCents - amountCents;
  if (refundedCents < 0n) {
    throw new Error(
      `payment ${payment.paymentId} has ${payment.refundedCents} cents refunded, not ${amountCents}`,
    );
  }
  const transition = refundedCents === 0n ? "reopenAll" : "reopenPart";
  return { status: applyPayment(payment.status, transition), refundedCents };
}
