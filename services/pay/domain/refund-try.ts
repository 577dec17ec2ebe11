import { RefundStatus } from "./refund.ts";

/** The fields of a refund that decide about its next try. */
export type TriedRefund = {
  status: RefundStatus;
  /** The number of the next try. */
  attempt: number;
  /** The highest attempt whose number the provider may know; 0 before the first request. */
  sentAttempt: number;
};

/** A provider's rules for the refunds of one payment, and how far the payment is. */
export type RefundRoom = {
  spacingMs: number;
  maxPerPayment: number;
  /** Until the provider accepts another refund of the payment; 0 or less: now. */
  waitMs: number;
  /** Numbers of its refunds that the provider may know. */
  sentNumbers: number;
};

/**
 * What the sweep does with a due refund. "query": asks only. "send": asks for the refund, "resend"
 * after a query, because an earlier request with the same number may have had its effect. "wait":
 * the provider wants time between two refunds of a payment. "full": it accepts no more of them.
 */
export type RefundTry =
  | { kind: "query" | "send" | "resend" | "full" }
  | { kind: "wait"; waitMs: number };

export function planTry(refund: TriedRefund, room: RefundRoom): RefundTry {
  if (refund.status === RefundStatus.PENDING) return { kind: "query" };
  const isSent = refund.sentAttempt >= refund.attempt;
  if (!isSent && room.sentNumbers >= room.maxPerPayment) return { kind: "full" };
  // A longer wait than the rule was written by a clock that has been set back since.
  const waitMs = Math.min(room.waitMs, room.spacingMs);
  if (waitMs > 0) return { kind: "wait", waitMs };
  return { kind: isSent ? "resend" : "send" };
}
