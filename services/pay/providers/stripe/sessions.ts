import { amountText } from "#platform/values/currencies.ts";
import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import { MAX_CHECKOUT_URL } from "../../limits.ts";
import type { Closing, Opened, Opening, ProviderPayment, StoredPayment } from "../provider.ts";
import { toStripe } from "./amounts.ts";
import { type Answer, type StripeApi, unexpected } from "./api.ts";
import type { StripeSettings } from "./config.ts";
import { PAYMENT_KEY, parseSession, type Session } from "./messages.ts";

const SESSIONS = "/v1/checkout/sessions";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A session must be open for 30 minutes at least; one more for clocks that differ. */
const LEAST_OPEN_MS = 31 * MINUTE_MS;
/** A session can be open for 24 hours at most; less for clocks that differ. */
const MOST_OPEN_MS = 24 * HOUR_MS - 5 * MINUTE_MS;
/**
 * How long an attempt to open a payment is repeated under one idempotency key. After that a lost
 * answer is given up: its session cannot be paid, because no shopper has its address.
 */
const ROUND_MS = 10 * MINUTE_MS;

type Account = { api: StripeApi; settings: StripeSettings };
type Known = { payment: StoredPayment; id: string };

/** Opens the session of a payment, or another one if its return URL has changed. */
export async function openSession(account: Account, opening: Opening): Promise<Opened> {
  const { api, settings } = account;
  const before = await endSession(account, opening);
  if (before?.url) return opened(before);
  const round = roundOf(opening);
  const key = `open-${opening.paymentId}-${round}${before ? `-${before.id}` : ""}`;
  const answer = await api.post(SESSIONS, sessionParams(settings, opening, round), key);
  if (!answer.ok && NOT_TAKEN.has(answer.error.code)) throw notTaken(opening);
  return opened(sessionOf("open", answer, { payment: opening, settings }));
}

export async function querySession(
  account: Account,
  payment: StoredPayment,
): Promise<ProviderPayment> {
  const id = payment.references.session;
  // No shopper has the address of a session whose number the shop does not know.
  if (id === undefined) return { state: "not_begun" };
  return stateOf(await retrieve(account, { payment, id }));
}

export async function closeSession(account: Account, payment: StoredPayment): Promise<Closing> {
  const id = payment.references.session;
  return id === undefined ? "not_begun" : expire(account, { payment, id });
}

/** The least and the greatest amount depend on the currency in which the account is settled. */
const NOT_TAKEN = new Set(["amount_too_small", "amount_too_large"]);

function notTaken({ amountCents, currency }: Opening): Refusal {
  const description = `takes no payment of ${amountText(amountCents, currency)}`;
  return new Refusal(Reason.INVALID_ARGUMENT, {}, [{ field: "provider", description }]);
}

/** The clock of the database, which gave the time, may be ahead. */
function roundOf({ createTime }: Opening): number {
  return Math.max(0, Math.floor((Date.now() - createTime.getTime()) / ROUND_MS));
}

/** The session that the payment has, if any. One with another return URL is expired first. */
async function endSession(account: Account, opening: Opening): Promise<Session | undefined> {
  const id = opening.references.session;
  if (id === undefined) return undefined;
  const session = await retrieve(account, { payment: opening, id });
  if (session.status === "expired") return session;
  const isOpen = session.status === "open";
  if (isOpen && session.returnUrl === opening.returnUrl) return session;
  const closing = isOpen && (await expire(account, { payment: opening, id }));
  if (closing === "closed") return { ...session, url: undefined };
  throw new Outage(`session ${id} of payment ${opening.paymentId} was paid, or is being paid`);
}

/**
 * The same for each repetition in a round, as the idempotency key demands. A session lives longer
 * than its order waits, because Stripe has none of less than 30 minutes; the shop expires it.
 */
function sessionParams(settings: StripeSettings, opening: Opening, round: number) {
  const { paymentId, orderId, amountCents, currency, description, returnUrl } = opening;
  const amount = toStripe(amountCents, currency);
  if (amount === undefined) throw notTaken(opening);
  const roundMs = opening.createTime.getTime() + round * ROUND_MS;
  const expireMs = Math.min(opening.expireTime.getTime() + LEAST_OPEN_MS, roundMs + MOST_OPEN_MS);
  const metadata = { [PAYMENT_KEY]: paymentId, jetshop_order: orderId };
  return {
    mode: "payment",
    client_reference_id: paymentId,
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: currency.toLowerCase(),
          unit_amount: amount,
          product_data: { name: description },
        },
      },
    ],
    success_url: returnUrl,
    cancel_url: returnUrl,
    expires_at: Math.floor(expireMs / 1_000),
    adaptive_pricing: { enabled: false },
    metadata,
    payment_intent_data: { metadata, description },
    allowed_payment_method_types: settings.paymentMethods,
  };
}

async function retrieve({ api, settings }: Account, { payment, id }: Known): Promise<Session> {
  const expand = ["payment_intent.latest_charge"];
  const answer = await api.get(`${SESSIONS}/${id}`, { expand });
  return sessionOf("query", answer, { payment, settings });
}

/** Only an open session can be expired; the session itself says what happened to another one. */
async function expire(account: Account, known: Known): Promise<Closing> {
  const { api, settings } = account;
  const { payment, id } = known;
  const answer = await api.post(`${SESSIONS}/${id}/expire`, {});
  const session = answer.ok
    ? sessionOf("close", answer, { payment, settings })
    : await retrieve(account, known);
  const { state } = stateOf(session);
  if (state === "open" || state === "not_begun") throw unexpected("close", answer);
  return state;
}

function stateOf(session: Session): ProviderPayment {
  const { status, isPaid, intentId, payTime, amountCents, currency, id } = session;
  if (status === "open") return { state: "open" };
  if (status === "expired") return { state: "closed" };
  const references = { session: id, ...(intentId && { payment_intent: intentId }) };
  if (isPaid && intentId !== undefined && payTime !== undefined) {
    return { state: "paid", tradeId: intentId, amountCents, currency, payTime, references };
  }
  if (isPaid) throw new Outage(`Stripe says that session ${id} is paid, and not by what or when`);
  // A slow method ends in "succeeded", or in one of the others: then the session is over.
  const isOver = ["requires_payment_method", "canceled"].includes(session.intentStatus ?? "");
  return { state: isOver ? "closed" : "processing", references };
}

/** The session in an answer, which must be one of this payment. */
function sessionOf(
  what: string,
  answer: Answer,
  { payment, settings }: { payment: StoredPayment; settings: StripeSettings },
): Session {
  const session = answer.ok ? parseSession(answer.fields) : undefined;
  const { paymentId } = payment;
  if (session?.paymentId !== paymentId || session.livemode !== settings.livemode)
    throw unexpected(`${what} of payment ${paymentId}`, answer);
  return { ...session, paymentId };
}

/** Browsers go to this address, so it must be a web address. It must also fit into its column. */
function opened({ id, url = "" }: Session): Opened {
  const parsed = URL.parse(url);
  const isWeb = parsed?.protocol === "http:" || parsed?.protocol === "https:";
  if (!isWeb || url.length > MAX_CHECKOUT_URL)
    throw new Outage(`Stripe sent no address of session ${id}`);
  return { action: { kind: "redirect", url }, references: { session: id } };
}
