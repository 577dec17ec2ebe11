import type { Transaction } from "#platform/db/database.ts";
import { amountText } from "#platform/values/currencies.ts";
import type { LogType } from "../../domain/payment.ts";
import type { RefundOutcome } from "../../providers/provider.ts";
import type { LockedPayment } from "../../store/lock-payments.ts";
import { insertLog } from "../../store/payment-log.ts";
import type { RefundRow } from "../../store/refunds.ts";
import type { Parts } from "../parts.ts";

/** What a provider says of one number of a refund. */
export type SaidOfRefund = RefundOutcome | { state: "unknown" };

/** A refund and its payment, both locked, and what the provider says of it. */
export type RefundReport = {
  refund: RefundRow;
  payment: LockedPayment;
  said: SaidOfRefund;
  /** From a pending refund to its first query. */
  queryAfterMs: number;
};

/** Characters kept of the provider's cause and of its number: the widths of their columns. */
const MAX_FAILURE = 200;
const MAX_REFERENCE = 255;

/** The provider's cause; "" if it gives none. */
export function causeOf(said: SaidOfRefund): string {
  return "cause" in said ? said.cause.slice(0, MAX_FAILURE) : "";
}

export function referenceOf({ said }: RefundReport): { reference?: string } {
  const reference = "reference" in said ? said.reference : undefined;
  return reference === undefined ? {} : { reference: reference.slice(0, MAX_REFERENCE) };
}

/** The fields that all events of a refund have. */
export function factOf({ refund, payment }: RefundReport) {
  const { refundId, paymentId, amountCents, reopens } = refund;
  const { orderId, userId } = payment;
  return { paymentId, orderId, userId, refundId, amountCents, reopens };
}

export function sumText({ refund, payment }: RefundReport): string {
  return `refund ${refund.refundId} of ${amountText(refund.amountCents, payment.currency)}`;
}

/** Adds an entry about the refund to the log of its payment. */
export async function logRefund(
  tx: Transaction,
  { identifiers }: Pick<Parts, "identifiers">,
  { refund: { paymentId } }: RefundReport,
  entry: { type: LogType; detail: string },
): Promise<void> {
  await insertLog(tx, [{ logId: identifiers.next(), paymentId, ...entry }]);
}
