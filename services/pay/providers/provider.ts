import type { Notice } from "../domain/payment.ts";
import type { RefusalCause } from "../domain/verdict.ts";

/** A callback as it came over HTTP. */
export type RawCallback = {
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
};

export type HttpAnswer = { status: number; contentType: string; body: Uint8Array };

/** `notice` is there only where the raw bytes verified. */
export type ReadCallback =
  | { genuine: true; notice: Notice }
  | { genuine: false; cause: Extract<RefusalCause, "signature" | "stale" | "malformed"> };

/** What a platform knows of a payment. */
export type PlatformPayment =
  | { state: "unknown_payment" }
  | { state: "open" | "closed"; tradeId: string }
  | { state: "paid"; tradeId: string; amountCents: bigint; currency: string; payTime: Date };

/** A payment as it is opened. */
export type Opening = {
  paymentId: bigint;
  amountCents: bigint;
  currency: string;
  returnUrl: string;
};

/**
 * A third-party payment platform. Payments and refunds are known there by our own numbers, so everything may be
 * repeated. Where it does not answer, or not as it should, a method throws an Outage: the effect is unknown.
 */
export type PaymentPlatform = {
  /** As in the path of its callbacks. */
  readonly name: string;
  /** Who the shop is at the platform. */
  readonly merchantId: string;
  /** Begins the names of the headers that its callbacks are judged by. */
  readonly headerPrefix: string;
  /** Idempotent by payment: a repetition gets the first one's answer. */
  open(payment: Opening): Promise<{ tradeId: string; checkoutUrl: string }>;
  /** Verifies the raw bytes, in constant time, before it parses any. */
  readCallback(callback: RawCallback & { nowMs: number }): ReadCallback;
  query(paymentId: bigint): Promise<PlatformPayment>;
  /** Nothing can be paid any more, unless it was: then "paid". */
  close(paymentId: bigint): Promise<"closed" | "paid" | "unknown_payment">;
  /** Idempotent by refund and attempt. `failed` is final for this attempt, with the platform's own cause. */
  refund(refund: {
    refundId: bigint;
    /** From 1. */
    attempt: number;
    paymentId: bigint;
    amountCents: bigint;
  }): Promise<"succeeded" | { failed: string }>;
  /** The platform calls again after every answer but `success`. */
  readonly answers: Record<"success" | "forged" | "refused" | "unknown" | "outage", HttpAnswer>;
};
