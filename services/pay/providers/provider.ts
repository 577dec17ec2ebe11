import type { Notice, RawCallback } from "../domain/notice.ts";
import type { CheckoutAction, References, StoredPayment } from "../domain/payment.ts";
import type { RefusalCause } from "../domain/verdict.ts";

export type { CheckoutAction, References, StoredPayment };

/** The HTTP answer to a callback. */
export type HttpAnswer = { status: number; contentType: string; body: Uint8Array };

/** Only bytes that verified yield a notice. `merchant`: verified, but of another account. */
export type ReadCallback =
  | { genuine: true; notice: Notice }
  | {
      genuine: false;
      cause: Extract<
        RefusalCause,
        "signature" | "stale" | "unknown_key" | "probe" | "malformed" | "merchant"
      >;
    };

/** A payment to open. */
export type Opening = StoredPayment & {
  /** Where the browser goes afterwards; "" where the provider needs none. */
  returnUrl: string;
  /** What the shopper reads at the provider. */
  description: string;
};

/** A payment that a provider has opened. */
export type Opened = {
  action: CheckoutAction;
  references?: References;
  /** Where the provider numbers the trade before it is paid. */
  tradeId?: string;
};

/** A payment as the provider knows it. */
export type ProviderPayment =
  /** The provider has no such payment. It may appear until its `expireTime`. */
  | { state: "not_begun" }
  /** processing: its money is on the way, and it can no longer be closed. */
  | { state: "open" | "processing" | "closed"; references?: References }
  /** Also after refunds. */
  | {
      state: "paid";
      tradeId: string;
      amountCents: bigint;
      currency: string;
      payTime: Date;
      references?: References;
    };

/**
 * "closed": it can no longer be paid. "paid": it was paid before. "not_begun": the provider has
 * nothing to close yet. `notBefore`: the provider closes it only then.
 */
export type Closing = "closed" | "paid" | "processing" | "not_begun" | { notBefore: Date };

export type RefundRequest = {
  refundId: bigint;
  /** Counted from 1. Part of the refund's number at the provider. */
  attempt: number;
  payment: StoredPayment;
  amountCents: bigint;
  /** The provider's own number of the refund; null until it is known. */
  reference: string | null;
};

export type RefundOutcome =
  | { state: "succeeded"; reference?: string }
  /** Accepted; `queryRefund` decides. */
  | { state: "pending"; reference?: string }
  /** Not done. It is repeated with the same number, never with another one. */
  | { state: "again"; cause: string; afterMs?: number }
  /** Final for this number; another number is allowed, and needed. */
  | { state: "failed"; cause: string }
  /** No number helps: an operator decides. It is repeated, slowly, with the same number. */
  | { state: "person"; cause: string; reference?: string };

/**
 * A payment provider. It knows payments and refunds by the shop's numbers, so every method can be
 * repeated. A method throws an Outage if the provider does not answer, or answers against its
 * protocol: the effect is then unknown.
 */
export type PaymentProvider = {
  /** The last part of its callback path, and the value of `provider` in rows and messages. */
  readonly name: string;
  /** What shoppers read. */
  readonly title: { en: string; zh: string };
  /** The kind of every action that `open` answers with. */
  readonly checkout: CheckoutAction["kind"];
  /** Names of the headers that its callbacks are verified with: those of CALLBACK_HEADERS. */
  readonly headers: readonly string[];
  /** Whether it takes payments in this currency (ISO 4217). */
  supports(currency: string): boolean;
  /**
   * `spacingMs`: least time between two refunds of one payment. `maxPerPayment`: refunds of one
   * payment. `queryAfterMs`: from a pending refund to its first query.
   */
  readonly refundRules: { spacingMs: number; maxPerPayment: number; queryAfterMs: number };
  /**
   * Opens the payment. A repetition gets the first answer, or an action for the same payment; its
   * return URL replaces the first one where the provider can. Refuses with INVALID_ARGUMENT an
   * amount that the provider does not take.
   */
  open(opening: Opening): Promise<Opened>;
  /** Verifies the raw bytes, in constant time, before it parses any. */
  readCallback(callback: RawCallback & { nowMs: number }): ReadCallback;
  query(payment: StoredPayment): Promise<ProviderPayment>;
  close(payment: StoredPayment): Promise<Closing>;
  /** Refunds a part of the payment, once for each pair of `refundId` and `attempt`. */
  refund(request: RefundRequest): Promise<RefundOutcome>;
  /** "unknown": the provider has no such refund; `refund` is repeated with the same number. */
  queryRefund(request: RefundRequest): Promise<RefundOutcome | { state: "unknown" }>;
  /**
   * The statement of one of the provider's own days, such as "2026-11-26", as the file that
   * `STATEMENTS` reads. "empty": nothing moved on that day. "not_yet": it is not made yet.
   */
  statement(day: string): Promise<Uint8Array | "empty" | "not_yet">;
  /**
   * What the provider is answered, by verdict. `success`: the notice had its effect, or needs none.
   * `forged`: it is not genuine. `refused`: it contradicts the payment, for good. `unknown`: the
   * payment does not exist (yet). `outage`: the shop could not store it. The provider repeats the
   * callback after every answer that it does not take for a success.
   */
  readonly answers: Record<"success" | "forged" | "refused" | "unknown" | "outage", HttpAnswer>;
};

/** An answer for providers that read a word. */
export function plainAnswer(status: number, body: string): HttpAnswer {
  return { status, contentType: "text/plain; charset=utf-8", body: Buffer.from(body) };
}

/** The number of a refund at every provider: a refused number stays refused. */
export function refundNumber(
  { refundId, attempt }: { refundId: bigint; attempt: number },
  separator = "-",
): string {
  return attempt === 1 ? String(refundId) : `${refundId}${separator}${attempt}`;
}
