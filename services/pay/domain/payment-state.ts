import { PAYMENT_STATUS, type PaymentStatus } from "./payment.ts";

const { OPEN, SUCCEEDED, CLOSED, PARTIALLY_REFUNDED, REFUNDED } = PAYMENT_STATUS;

/** Every change that a payment can go through: from which states, to which. What is not listed must not happen. */
export const PAYMENT_CHANGES = {
  succeed: { from: [OPEN], to: SUCCEEDED },
  // Money moved although the payment was given up: it counts, and the order service asks for its refund.
  succeedLate: { from: [CLOSED], to: SUCCEEDED },
  close: { from: [OPEN], to: CLOSED },
  refundPart: { from: [SUCCEEDED, PARTIALLY_REFUNDED], to: PARTIALLY_REFUNDED },
  refundWhole: { from: [SUCCEEDED, PARTIALLY_REFUNDED], to: REFUNDED },
} as const satisfies Record<string, { from: readonly PaymentStatus[]; to: PaymentStatus }>;

export type PaymentChange = keyof typeof PAYMENT_CHANGES;

export function allowsPayment(status: PaymentStatus, change: PaymentChange): boolean {
  const from: readonly PaymentStatus[] = PAYMENT_CHANGES[change].from;
  return from.includes(status);
}

/** The status after the change. Whoever asks has looked at the status before: anything else is a fault of ours. */
export function changePayment(status: PaymentStatus, change: PaymentChange): PaymentStatus {
  if (!allowsPayment(status, change)) {
    throw new Error(`a payment in status ${status} cannot ${change}`);
  }
  return PAYMENT_CHANGES[change].to;
}

/** Money has come in for it, whatever went back since. */
export function isCaptured(status: PaymentStatus): boolean {
  return status !== OPEN && status !== CLOSED;
}
