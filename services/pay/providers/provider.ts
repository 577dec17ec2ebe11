import type { Notice, RawCallback } from "../domain/notice.ts";
import type { PaymentState } from "../domain/payment.ts";
import type { RefusalCause } from "../domain/verdict.ts";

/** The HTTP answer to a callback. */
export type HttpAnswer = { status: number; contentType: string; body: Uint8Array };

/** Only bytes that verified yield a notice. */
type ReadCallback =
  | { genuine: true; notice: Notice }
  | { genuine: false; cause: Extract<RefusalCause, "signature" | "stale" | "malformed"> };

/** A payment as the shop stored it. */
type StoredPayment = Pick<PaymentState, "paymentId" | "amountCents" | "currency" | "tradeId">;

/** A payment as the provider knows it. */
export type ProviderPayment =
  | { state: "unknown_payment" }
  | { state: "open" | "closed"; tradeId: string }
  | { state: "paid"; tradeId: string; amountCents: bigint; currency: string; payTime: Date };

/**
 * A payment provider. It knows payments and refunds by the shop's numbers, so every method can be
 * repeated. A method throws an Outage if the provider does not answer, or answers against its
 * protocol: the effect is then unknown.
 */
export type PaymentProvider = {
  /** The last part of its callback path, and the value of `provider` in rows and messages. */
  readonly name: string;
  /** The shop's account at the provider. */
  readonly merchantId: string;
  /** The start of the names of the headers that its callbacks are verified with. */
  readonly headerPrefix: string;
  /**
   * Opens the payment. A repetition with the same payment id gets the first answer, and its return
   * URL replaces the first one.
   */
  open(
    payment: Omit<StoredPayment, "tradeId"> & { returnUrl: string },
  ): Promise<{ tradeId: string; checkoutUrl: string }>;
  /** Verifies the raw bytes, in constant time, before it parses any. */
  readCallback(callback: RawCallback & { nowMs: number }): ReadCallback;
  query(payment: StoredPayment): Promise<ProviderPayment>;
  /** "closed": it can no longer be paid. "paid": it was paid before. */
  close(payment: StoredPayment): Promise<"closed" | "paid" | "unknown_payment">;
  /**
   * Refunds a part of the payment, once for each pair of `refundId` and `attempt`. `failed` is
   * final for the attempt and holds the provider's cause.
   */
  refund(refund: {
    refundId: bigint;
    /** Counted from 1. */
    attempt: number;
    payment: StoredPayment;
    amountCents: bigint;
  }): Promise<"succeeded" | { failed: string }>;
  /**
   * What the provider is answered, by verdict. `success`: the notice had its effect, or needs none.
   * `forged`: it is not genuine. `refused`: it contradicts the payment. `unknown`: the payment does
   * not exist (yet). `outage`: the shop could not store it. The provider repeats the callback after
   * every answer but `success`.
   */
  readonly answers: Record<"success" | "forged" | "refused" | "unknown" | "outage", HttpAnswer>;
};
