import { PaymentStatus } from "./payment.ts";

const { OPEN, SUCCEEDED, CLOSED, PARTIALLY_REFUNDED, REFUNDED } = PaymentStatus;

/** All transitions of a payment: the statuses each may start from, and the one it leads to. */
export const PAYMENT_TRANSITIONS = {
  succeed: { from: [OPEN], to: SUCCEEDED },
  // The shopper paid after the payment was closed. The money counts, and the order service requests
  // its refund.
  succeedLate: { from: [CLOSED], to: SUCCEEDED },
  close: { from: [OPEN], to: CLOSED },
  refundPart: { from: [SUCCEEDED, PARTIALLY_REFUNDED], to: PARTIALLY_REFUNDED },
  refundWhole: { from: [SUCCEEDED, PARTIALLY_REFUNDED], to: REFUNDED },
  // The provider took the success of a refund back, of one of several or of the only one.
  reopenPart: { from: [PARTIALLY_REFUNDED, REFUNDED], to: PARTIALLY_REFUNDED },
  reopenAll: { from: [PARTIALLY_REFUNDED, REFUNDED], to: SUCCEEDED },
} as const satisfies Record<string, { from: readonly PaymentStatus[]; to: PaymentStatus }>;

export type PaymentTransition = keyof typeof PAYMENT_TRANSITIONS;

export function allowsPayment(status: PaymentStatus, transition: PaymentTransition): boolean {
  const from: readonly PaymentStatus[] = PAYMENT_TRANSITIONS[transition].from;
  return from.includes(status);
}

/** The status after the transition. Callers check the status first, so a forbidden one is a bug. */
export function applyPayment(status: PaymentStatus, transition: PaymentTransition): PaymentStatus {
  if (!allowsPayment(status, transition)) {
    throw new Error(`payment status ${status} does not allow the transition ${transition}`);
  }
  return PAYMENT_TRANSITIONS[transition].to;
}

/** Whether money has come in, including money that was refunded since. */
export function isCaptured(status: PaymentStatus): boolean {
  return status !== OPEN && status !== CLOSED;
}
