import { Reason } from "#platform/values/refusal.ts";
import { type Notice, paymentIdOf } from "./notice.ts";
import { type PaymentState, PaymentStatus } from "./payment.ts";
import type { PaymentTransition } from "./payment-transitions.ts";

/** What the shop decided about a callback. Rows hold the numbers. */
export const VerdictKind = {
  /** Genuine, and it pays the payment. */
  ACCEPTED: 1,
  /** Genuine, and it pays a payment that was closed; the money is refunded. */
  LATE: 2,
  /** Genuine, but the payment was paid before. */
  REPEATED: 3,
  /** Genuine, about an event that the shop does not act on. */
  IGNORED: 4,
  /** Not genuine, or contrary to what the shop knows. */
  REFUSED: 5,
  /** Genuine, about a refund or a dispute, which is now as the notice says. */
  RECORDED: 6,
} as const;
export type VerdictKind = (typeof VerdictKind)[keyof typeof VerdictKind];

/** Why a callback is refused, with the Reason that its row holds. */
export const REASON_OF = {
  signature: Reason.CALLBACK_SIGNATURE_INVALID,
  stale: Reason.CALLBACK_SIGNATURE_INVALID,
  /** It names a key that the settings do not hold: forged, or the provider has a new one. */
  unknown_key: Reason.CALLBACK_SIGNATURE_INVALID,
  /** The provider sent a false signature on purpose, to see whether the shop verifies. */
  probe: Reason.CALLBACK_SIGNATURE_INVALID,
  malformed: Reason.INVALID_ARGUMENT,
  merchant: Reason.PAYMENT_NOT_FOUND,
  unknown_payment: Reason.PAYMENT_NOT_FOUND,
  trade: Reason.PAYMENT_NOT_FOUND,
  amount: Reason.CALLBACK_AMOUNT_MISMATCH,
  currency: Reason.CALLBACK_AMOUNT_MISMATCH,
} as const satisfies Record<string, Reason>;
export type RefusalCause = keyof typeof REASON_OF;

/** Money came in. */
export type AcceptedVerdict = {
  kind: typeof VerdictKind.ACCEPTED | typeof VerdictKind.LATE;
  transition: PaymentTransition;
};

export type Verdict =
  | AcceptedVerdict
  | {
      kind: typeof VerdictKind.REPEATED | typeof VerdictKind.IGNORED | typeof VerdictKind.RECORDED;
    }
  | { kind: typeof VerdictKind.REFUSED; cause: RefusalCause };

/** What the shop knows about the payment that a notice names. */
type Facts = {
  /** Undefined if the shop has no such payment at this provider. */
  payment: PaymentState | undefined;
  /** The payment that has the notice's trade id; undefined if none has it yet. */
  tradeOwnerId: bigint | undefined;
};

/** Compares a verified notice with what the shop knows, and decides what it does. */
export function judge(notice: Notice, { payment, tradeOwnerId }: Facts): Verdict {
  const isAboutPayment = paymentIdOf(notice) !== undefined;
  if (isAboutPayment && !payment) return refused("unknown_payment");
  if (!payment || notice.kind !== "paid") return { kind: VerdictKind.IGNORED };
  const expected = payment.tradeId ?? notice.tradeId;
  const isOthers = tradeOwnerId !== undefined && tradeOwnerId !== payment.paymentId;
  if (notice.tradeId !== expected || isOthers) return refused("trade");
  if (notice.amountCents !== payment.amountCents) return refused("amount");
  if (notice.currency !== payment.currency) return refused("currency");
  switch (payment.status) {
    case PaymentStatus.OPEN:
      return { kind: VerdictKind.ACCEPTED, transition: "succeed" };
    case PaymentStatus.CLOSED:
      return { kind: VerdictKind.LATE, transition: "succeedLate" };
    default:
      return { kind: VerdictKind.REPEATED };
  }
}

const refused = (cause: RefusalCause): Verdict => ({ kind: VerdictKind.REFUSED, cause });

/**
 * How a verdict is stored beside the row of the same notice, if there is one. A row whose notice
 * had an effect stays as it is: a repetition is counted on it, and a contradicting notice with the
 * same number gets a row of its own.
 */
export function storeAction(
  known: VerdictKind | undefined,
  verdict: VerdictKind,
): "insert" | "count" | "replace" | "separate" {
  if (known === undefined) return "insert";
  const { ACCEPTED, LATE, RECORDED } = VerdictKind;
  if (known !== ACCEPTED && known !== LATE && known !== RECORDED) return "replace";
  return verdict === VerdictKind.REFUSED ? "separate" : "count";
}
