import { amountText } from "#platform/values/currencies.ts";
import type { StatementRow } from "../../services/pay/providers/statement.ts";

/** A payment as the pay service has it. */
export type OurPayment = {
  paymentId: bigint;
  orderId: bigint;
  /** The provider's number; null until the provider has sent it. */
  tradeId: string | null;
  amountCents: bigint;
  currency: string;
  /** Whether its money came in. */
  isPaid: boolean;
  /** By the provider's clock; null while it is not paid. */
  payTime: Date | null;
};

/** The bounds of the provider's day; the end is exclusive. */
export type Bounds = { from: Date; to: Date };

export const DifferenceKind = {
  /** Paid there and not here. */
  PAYMENT_ONLY_THERE: "payment_only_there",
  /** Paid here and not there. */
  PAYMENT_ONLY_HERE: "payment_only_here",
  /** Another amount, currency or number. */
  PAYMENT_DIFFERS: "payment_differs",
  PAYMENT_REPEATED: "payment_repeated",
  /** Not made by the shop: in the provider's console, or by another program. */
  REFUND_NOT_OURS: "refund_not_ours",
  /** Carried out there and not here. */
  REFUND_ONLY_THERE: "refund_only_there",
  /** Carried out here and not there. */
  REFUND_ONLY_HERE: "refund_only_here",
  REFUND_DIFFERS: "refund_differs",
  REFUND_REPEATED: "refund_repeated",
  DISPUTE_ONLY_THERE: "dispute_only_there",
  DISPUTE_ONLY_HERE: "dispute_only_here",
  DISPUTE_DIFFERS: "dispute_differs",
} as const;
export type DifferenceKind = (typeof DifferenceKind)[keyof typeof DifferenceKind];

export type Difference = {
  kind: DifferenceKind;
  /** "payment 7", "refund 77-2", or the provider's number of what the shop does not know. */
  item: string;
  /** What differs, for people. */
  says: string;
};

/** Why a row has another amount or currency than the shop; `ours` is positive. */
export function amountFault(
  row: Pick<StatementRow, "amountCents" | "currency">,
  ours: { amountCents: bigint; currency: string },
): string[] {
  const there = row.amountCents < 0n ? -row.amountCents : row.amountCents;
  if (there === ours.amountCents && row.currency === ours.currency) return [];
  const here = amountText(ours.amountCents, ours.currency);
  return [`is ${amountText(there, row.currency)} there and ${here} here`];
}

/** What the shop does not know, by the numbers that the statement has. */
export function itemOf({ paymentNumber, tradeId, place }: StatementRow): string {
  return `payment ${paymentNumber || tradeId || place}`;
}

/** "at 2026-11-26T23:59:59Z" */
export function at(time: Date | null): string {
  return time ? `at ${time.toISOString().replace(".000Z", "Z")}` : "at an unknown time";
}

export function difference(kind: DifferenceKind, item: string, says: string): Difference {
  return { kind, item, says };
}

/** Finds a payment by the shop's number of a row, or by the provider's. */
export function finder(payments: readonly OurPayment[]) {
  const byNumber = new Map(payments.map((payment) => [String(payment.paymentId), payment]));
  const byTrade = new Map(payments.map((payment) => [payment.tradeId ?? "", payment]));
  byTrade.delete("");
  return ({ paymentNumber, tradeId }: Pick<StatementRow, "paymentNumber" | "tradeId">) =>
    byNumber.get(paymentNumber) ?? byTrade.get(tradeId);
}
