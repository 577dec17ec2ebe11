import { Reason } from "#platform/values/refusal.ts";
import { type Notice, PAYMENT_STATUS, type PaymentState } from "./payment.ts";
import type { PaymentChange } from "./payment-state.ts";

/** What became of a callback. The numbers are what rows hold. */
export const VERDICT = {
  /** Genuine, and the payment is paid by it. */
  ACCEPTED: 1,
  /** The same for a payment that had been given up: its money is refunded. */
  LATE: 2,
  /** Genuine, but the payment was paid already. */
  REPEATED: 3,
  /** Genuine, about something that the shop does not act on. */
  IGNORED: 4,
  REFUSED: 5,
} as const;
export type Verdict = (typeof VERDICT)[keyof typeof VERDICT];

/** Why a callback was refused, and the reason that goes on record with it. */
export const REASON_OF = {
  signature: Reason.CALLBACK_SIGNATURE_INVALID,
  stale: Reason.CALLBACK_SIGNATURE_INVALID,
  malformed: Reason.INVALID_ARGUMENT,
  merchant: Reason.PAYMENT_NOT_FOUND,
  unknown_payment: Reason.PAYMENT_NOT_FOUND,
  trade: Reason.PAYMENT_NOT_FOUND,
  amount: Reason.CALLBACK_AMOUNT_MISMATCH,
  currency: Reason.CALLBACK_AMOUNT_MISMATCH,
} as const satisfies Record<string, Reason>;
export type RefusalCause = keyof typeof REASON_OF;

/** Money came in. */
export type Accepted = {
  verdict: typeof VERDICT.ACCEPTED | typeof VERDICT.LATE;
  change: PaymentChange;
};

export type Judgement =
  | { verdict: typeof VERDICT.REFUSED; cause: RefusalCause }
  | Accepted
  | { verdict: typeof VERDICT.REPEATED | typeof VERDICT.IGNORED };

export type Facts = {
  /** Undefined where the shop has no such payment at this platform. */
  payment: PaymentState | undefined;
  /** The payment that has the notice's trade id; undefined where none has it yet. */
  tradeOwnerId: bigint | undefined;
  /** Who the shop is at the platform. */
  merchantId: string;
};

/** Decides over a notice that has been verified: what it says is compared with what the shop knows. */
export function judge(notice: Notice, { payment, tradeOwnerId, merchantId }: Facts): Judgement {
  if (notice.merchantId !== merchantId) return refused("merchant");
  if (!payment) return refused("unknown_payment");
  const expected = payment.tradeId ?? notice.tradeId;
  const isOthers = tradeOwnerId !== undefined && tradeOwnerId !== payment.paymentId;
  if (notice.tradeId !== expected || isOthers) return refused("trade");
  if (notice.state === "other") return { verdict: VERDICT.IGNORED };
  if (notice.amountCents !== payment.amountCents) return refused("amount");
  if (notice.currency !== payment.currency) return refused("currency");
  switch (payment.status) {
    case PAYMENT_STATUS.OPEN:
      return { verdict: VERDICT.ACCEPTED, change: "succeed" };
    case PAYMENT_STATUS.CLOSED:
      return { verdict: VERDICT.LATE, change: "succeedLate" };
    default:
      return { verdict: VERDICT.REPEATED };
  }
}

const refused = (cause: RefusalCause): Judgement => ({ verdict: VERDICT.REFUSED, cause });

/**
 * What a judgement does to the record of the same notice. A notice that moved money stays on record as that: a
 * repetition is counted, and one that says something else under its number gets a record of its own.
 */
export function recording(
  known: Verdict | undefined,
  verdict: Verdict,
): "insert" | "count" | "replace" | "apart" {
  if (known === undefined) return "insert";
  if (known !== VERDICT.ACCEPTED && known !== VERDICT.LATE) return "replace";
  return verdict === VERDICT.REFUSED ? "apart" : "count";
}
