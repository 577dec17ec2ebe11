import { Outage } from "#platform/values/refusal.ts";
import { type RefundOutcome, type RefundRequest, refundNumber } from "../provider.ts";
import { toStripe } from "./amounts.ts";
import { type Answer, type StripeApi, unexpected } from "./api.ts";
import { object, PAYMENT_KEY, parseRefund, REFUND_KEY, type Refund } from "./messages.ts";

const REFUNDS = "/v1/refunds";
const PAGE = 100;
/** Pages of refunds of one payment that are looked through. */
const MAX_PAGES = 10;

/**
 * Refunds under a number of the shop's, which Stripe keeps as metadata. Stripe forgets an
 * idempotency key after 24 hours, and replays its first answer until then even if the refund has
 * moved since. So the refunds of the payment are looked through first; the key covers only calls
 * that overtake each other.
 */
export async function createRefund(api: StripeApi, request: RefundRequest): Promise<RefundOutcome> {
  const known = await findRefund(api, request);
  if (known.state !== "unknown") return known;
  const { payment, amountCents } = request;
  const number = refundNumber(request);
  const amount = toStripe(amountCents, payment.currency);
  if (amount === undefined) {
    const cause = `Stripe has no amount of ${amountCents} minor units of ${payment.currency}`;
    return { state: "person", cause };
  }
  const params = {
    payment_intent: intentOf(request),
    amount,
    metadata: { [PAYMENT_KEY]: payment.paymentId, [REFUND_KEY]: number },
  };
  const answer = await api.post(REFUNDS, params, `refund-${number}`);
  if (!answer.ok) return refused(answer.error);
  return outcomeOf(refundIn(answer.fields, request, answer));
}

/** What became of a refund. */
export async function findRefund(
  api: StripeApi,
  request: RefundRequest,
): Promise<RefundOutcome | { state: "unknown" }> {
  const payment_intent = intentOf(request);
  const number = refundNumber(request);
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const params = { payment_intent, limit: PAGE, starting_after: after };
    const answer = await api.get(REFUNDS, params);
    const entries = answer.ok && Array.isArray(answer.fields.data) ? answer.fields.data : undefined;
    if (!answer.ok || !entries) throw unexpected("a list of refunds", answer);
    const refunds = entries.map((entry) => parseRefund(object(entry) ?? {}));
    const found = refunds.findIndex((one) => one?.refund === number);
    if (found >= 0) return outcomeOf(refundIn(object(entries[found]) ?? {}, request, answer));
    if (answer.fields.has_more !== true) return { state: "unknown" };
    after = refunds.at(-1)?.id;
    if (after === undefined) throw unexpected("a list of refunds", answer);
  }
  throw new Outage(
    `payment ${request.payment.paymentId} has too many refunds at Stripe to look at`,
  );
}

/** A refund of this request: another amount under its number would be a refund of something else. */
function refundIn(
  fields: Parameters<typeof parseRefund>[0],
  { amountCents, payment }: RefundRequest,
  answer: Answer,
): Refund {
  const refund = parseRefund(fields);
  const isAsked = refund?.amountCents === amountCents && refund.currency === payment.currency;
  if (!isAsked) throw unexpected("a refund", answer);
  return refund;
}

function outcomeOf({ id, status, cause }: Refund): RefundOutcome {
  switch (status) {
    case "succeeded":
      return { state: "succeeded", reference: id };
    // Waits for the bank, for money on the account, or for the shopper.
    case "pending":
    case "requires_action":
      return { state: "pending", reference: id };
    default:
      return { state: "failed", cause };
  }
}

/**
 * Stripe made no refund. Its idempotency key would replay this answer for a day, so what a later
 * try can mend needs another number; the rest is for an operator, whom the code tells why.
 */
function refused({ code, message }: { code: string; message: string }): RefundOutcome {
  const cause = `${code}: ${message}`;
  return { state: code === "balance_insufficient" ? "failed" : "person", cause };
}

function intentOf({ payment }: RefundRequest): string {
  if (payment.tradeId !== null) return payment.tradeId;
  throw new Error(`payment ${payment.paymentId} is refunded and was never paid`);
}
