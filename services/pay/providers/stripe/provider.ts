import { CALLBACK_HEADERS } from "#proto/callbacks.ts";
import { type PaymentProvider, plainAnswer } from "../provider.ts";
import { isCharged } from "./amounts.ts";
import { stripeApi } from "./api.ts";
import type { StripeSettings } from "./config.ts";
import { readEvent } from "./events.ts";
import { parseObject } from "./messages.ts";
import { createRefund, findRefund } from "./refunds.ts";
import { closeSession, openSession, querySession } from "./sessions.ts";
import { signatureFault } from "./signature.ts";
import { fetchStripeStatement } from "./statement.ts";

/** From a pending refund to its first query; events mostly come before. */
const QUERY_AFTER_MS = 60_000;
/** Refunds of one payment. Stripe documents no limit. */
const MAX_REFUNDS = 100;

/**
 * Stripe, by Checkout Sessions: pages of Stripe to which the browser is redirected. One payment has
 * one session at a time; the session and later its PaymentIntent are the payment's references, and
 * the PaymentIntent is the trade.
 *
 * Source of the protocol: docs.stripe.com/api, and the types of Stripe's Node library.
 */
export function stripeProvider(settings: StripeSettings): PaymentProvider {
  const { livemode, webhookSecrets } = settings;
  const api = stripeApi(settings);
  const account = { api, settings };
  return {
    name: "stripe",
    title: { en: "Stripe", zh: "Stripe" },
    checkout: "redirect",
    headers: CALLBACK_HEADERS.stripe,
    supports: isCharged,
    refundRules: { spacingMs: 0, maxPerPayment: MAX_REFUNDS, queryAfterMs: QUERY_AFTER_MS },
    answers: ANSWERS,

    open: (opening) => openSession(account, opening),
    query: (payment) => querySession(account, payment),
    close: (payment) => closeSession(account, payment),

    readCallback({ headers, body, nowMs }) {
      const header = headers["stripe-signature"];
      const fault = signatureFault(webhookSecrets, nowMs, { header, body });
      if (fault) return { genuine: false, cause: fault };
      const read = readEvent(parseObject(body), livemode);
      if ("fault" in read) return { genuine: false, cause: read.fault };
      return { genuine: true, notice: read.notice };
    },

    refund: (request) => createRefund(api, request),
    queryRefund: (request) => findRefund(api, request),
    statement: (day) => fetchStripeStatement(api, day),
  };
}

/** Stripe repeats everything but 2xx for 3 days. `refused` will not change. */
const ANSWERS: PaymentProvider["answers"] = {
  success: plainAnswer(200, "success"),
  forged: plainAnswer(400, "failure"),
  refused: plainAnswer(200, "refused"),
  unknown: plainAnswer(404, "failure"),
  outage: plainAnswer(500, "failure"),
};
