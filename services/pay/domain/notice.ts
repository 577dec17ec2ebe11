import type { References } from "./payment.ts";

/** The HTTP request that carried a notice. Nothing in it is verified yet. */
export type RawCallback = {
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
};

/** What every notice says. */
type About = {
  /** The provider's number of the notice; a repetition has the same one. */
  noticeId: string;
  /** The provider's name of the event. */
  event: string;
};

/** The payment was paid. */
export type PaidNotice = About & {
  kind: "paid";
  paymentId: bigint;
  tradeId: string;
  amountCents: bigint;
  currency: string;
  payTime: Date;
  references?: References;
};

/**
 * The payment moved at its provider, without money in the shop's account: its money is on the way,
 * an attempt failed, or it was closed. The shop queries it.
 */
type MovedNotice = About & {
  kind: "processing" | "failed" | "closed";
  paymentId: bigint;
  references?: References;
};

/** A refund has reached a state. */
export type RefundNotice = About & {
  kind: "refund";
  /** Undefined if the provider sends only the trade's number. */
  paymentId: bigint | undefined;
  tradeId: string | undefined;
  /** Undefined if the shop did not request it, for example a refund from the provider's console. */
  refund: { refundId: bigint; attempt: number } | undefined;
  /** The provider's number of a refund that the shop did not request. */
  foreignId: string | undefined;
  state: "succeeded" | "pending" | "failed";
  /** Undefined if the provider states only the sum of all refunds (Alipay). */
  amountCents: bigint | undefined;
  /** All refunds of the payment so far, this one included; undefined if the provider is silent. */
  refundedCents?: bigint;
  currency: string;
  reference?: string;
  cause?: string;
};

/** The shopper's bank disputes the payment. */
export type DisputeNotice = About & {
  kind: "dispute";
  paymentId: bigint | undefined;
  tradeId: string | undefined;
  disputeId: string;
  state: "opened" | "funds_withdrawn" | "funds_reinstated" | "won" | "lost" | "updated";
  amountCents: bigint;
  feeCents: bigint;
  currency: string;
};

/** An event that the shop does not act on. */
type OtherNotice = About & { kind: "other"; paymentId?: bigint };

/** Genuine, but about nothing of this shop: the account may have other uses. */
type ForeignNotice = About & { kind: "not_ours"; cause: string };

/**
 * One verified message from a provider: a callback with a valid signature, or the answer to a
 * query.
 */
export type Notice =
  | PaidNotice
  | MovedNotice
  | RefundNotice
  | DisputeNotice
  | OtherNotice
  | ForeignNotice;

export function isMoved(notice: Notice): notice is MovedNotice {
  const { kind } = notice;
  return kind === "processing" || kind === "failed" || kind === "closed";
}

/** The payment that a notice names, if it names one. */
export function paymentIdOf(notice: Notice): bigint | undefined {
  return notice.kind === "not_ours" ? undefined : notice.paymentId;
}
