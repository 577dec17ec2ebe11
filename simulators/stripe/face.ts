import { HttpProblem } from "#platform/http/answer.ts";
import type { Face, Parts } from "../base/face.ts";
import { noFaults } from "../base/faults.ts";
import { alphanumeric } from "../base/ids.ts";
import { HOUR, MINUTE, SECOND } from "../base/limits.ts";
import { dueRefunds, refundsOf, takenBy } from "../base/refunds.ts";
import { changeTrade, dueTrades, expiredTrades, type Trade, tradeOf } from "../base/trades.ts";
import { openAccount } from "./account.ts";
import { createApi, failureAnswer } from "./api.ts";
import { checkoutPage } from "./checkout.ts";
import { eventJson } from "./events.ts";
import {
  closeDispute,
  METHODS,
  makeRefund,
  openDispute,
  payTrade,
  settlePayment,
  settleRefund,
} from "./payments.ts";
import { reportSession, type Stripe } from "./stripe.ts";
import { fakeWebhook, STRIPE_FAKES, webhookMessage } from "./webhook.ts";

/**
 * "Up to three days with exponential back off" in live mode, says Stripe, which publishes no
 * figures; these are in the range that others observed.
 */
const PAUSES_MS = [
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  ...Array.from({ length: 4 }, () => 12 * HOUR),
];

const ANSWER_MS = 20 * SECOND;

export function createStripe(parts: Parts, webhookUrl: string): Face {
  const account = openAccount(parts.keys);
  const faults = { current: noFaults() };
  const stripe: Stripe = { ...parts, account, faults, webhookUrl: { current: webhookUrl } };
  const signing = () => ({ secrets: account.secrets(), nowMs: Date.now() });
  return {
    name: "stripe",
    faults,
    usual: {},
    fakes: STRIPE_FAKES,
    methods: METHODS,
    pausesMs: PAUSES_MS,
    answerMs: ANSWER_MS,
    api: createApi(stripe),
    page: (call) => checkoutPage(stripe, call),
    failure: failureAnswer,
    message: (notice, kind, as) =>
      kind === "genuine"
        ? webhookMessage(Buffer.from(notice.content), signing())
        : fakeWebhook(kind, notice.content, { ...signing(), as }),
    extras: () =>
      Array.from({ length: faults.current.strangers }, () =>
        webhookMessage(strangerEvent(), signing()),
      ),
    accepts: ({ status }) => status >= 200 && status < 300,
    catchUp: (sql, nowMs) => catchUp(stripe, sql, nowMs),
    begin: (_, trade) => trade,
    pay: (sql, trade, payment) => payTrade(stripe, sql, trade, payment),
    settle: (sql, refund, state) => settleRefund(stripe, sql, refund, state),
    consoleRefund(sql, trade, amount) {
      const left = trade.amount - takenBy(refundsOf(sql, "stripe", trade.number));
      if (trade.payMs === undefined || amount > left) return undefined;
      return makeRefund(stripe, sql, trade, { amount, origin: "console", fields: {} });
    },
    command: (name, body) => command(stripe, name, body),
    account: () => ({
      id: account.id,
      secretKey: account.secretKey,
      webhookSecrets: account.secrets(),
      files: account.files,
      webhookUrl: stripe.webhookUrl.current,
    }),
  };
}

function catchUp(stripe: Stripe, sql: Parameters<Face["catchUp"]>[0], nowMs: number): boolean {
  const expired = expiredTrades(sql, "stripe", nowMs);
  for (const trade of expired) {
    const closed = changeTrade(sql, trade, { state: "closed", closeMs: nowMs });
    reportSession(stripe, sql, "expired", closed);
  }
  const settled = dueTrades(sql, "stripe", nowMs);
  for (const trade of settled) {
    settlePayment(stripe, sql, trade, trade.method !== "delayed_failed");
  }
  const refunds = dueRefunds(sql, "stripe", nowMs);
  for (const refund of refunds) settleRefund(stripe, sql, refund, refund.outcome);
  return expired.length + settled.length + refunds.length > 0;
}

function command(
  stripe: Stripe,
  name: string,
  body: Record<string, unknown>,
): Promise<object> | undefined {
  const { account, store } = stripe;
  const onTrade = (work: (sql: Parameters<Face["catchUp"]>[0], trade: Trade) => void) =>
    store.transact((sql) => {
      const trade = tradeOf(sql, "stripe", String(body.number));
      if (!trade) throw new HttpProblem(404, "unknown payment");
      work(sql, trade);
      return {};
    });
  switch (name) {
    case "webhook":
      stripe.webhookUrl.current = String(body.url ?? "");
      return Promise.resolve({ url: stripe.webhookUrl.current });
    case "roll":
      return Promise.resolve({ secret: account.roll(), secrets: account.secrets() });
    case "drop-old":
      account.dropOld();
      return Promise.resolve({ secrets: account.secrets() });
    case "complete":
      return onTrade((sql, trade) => settlePayment(stripe, sql, trade, body.succeeds !== false));
    case "dispute":
      return onTrade((sql, trade) => openDispute(stripe, sql, trade));
    case "close-dispute":
      return onTrade((sql, trade) => closeDispute(stripe, sql, trade, body.won === true));
    default:
      return undefined;
  }
}

/** An event about a payment of another shop on the same account. */
function strangerEvent(): Buffer {
  const object = {
    id: `cs_test_c1${alphanumeric(56)}`,
    object: "checkout.session",
    amount_total: 4_200,
    client_reference_id: null,
    currency: "usd",
    livemode: false,
    metadata: {},
    mode: "payment",
    payment_intent: `pi_3${alphanumeric(23)}`,
    payment_status: "paid",
    status: "complete",
  };
  const event = eventJson("checkout.session.completed", object, { nowMs: Date.now() });
  return Buffer.from(JSON.stringify(event));
}
