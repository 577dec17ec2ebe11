import { take } from "../base/faults.ts";
import type { Fields } from "../base/fields.ts";
import { alphanumeric, newToken } from "../base/ids.ts";
import { DAY, MINUTE } from "../base/limits.ts";
import type { Sql } from "../base/store.ts";
import { addTrade, changeTrade, tradeOfProvider, tradeOfRow } from "../base/trades.ts";
import { chargeFault } from "./currency.ts";
import { invalid, missing, refused } from "./errors.ts";
import { listJson, page } from "./lists.ts";
import { expansions } from "./params.ts";
import { payTrade } from "./payments.ts";
import {
  expandedIntent,
  expandedSession,
  fullCharge,
  reportSession,
  type Stripe,
  sessionOf,
} from "./stripe.ts";

type Reader = Pick<Sql, "get" | "all">;

/** Seconds that a client's clock may be ahead of the minimum, for the request's way. */
const SLACK_MS = 5_000;

export function createSession(stripe: Stripe, sql: Sql, params: Fields) {
  const nowMs = stripe.clock.nowMs();
  const { amount, currency } = totalOf(params);
  if (params.success_url === undefined)
    throw invalid("parameter_missing", "Missing required param: success_url.", "success_url");
  for (const name of ["success_url", "cancel_url"]) {
    const url = params[name];
    if (url !== undefined && !/^https?:$/.test(URL.parse(String(url))?.protocol ?? ""))
      throw invalid("url_invalid", "Not a valid URL", name);
  }
  const expireMs =
    params.expires_at === undefined ? nowMs + DAY : Number(params.expires_at) * 1_000;
  if (expireMs < nowMs + 30 * MINUTE - SLACK_MS)
    throw invalid(
      "parameter_invalid",
      "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.",
      "expires_at",
    );
  if (expireMs > nowMs + DAY + SLACK_MS)
    throw invalid(
      "parameter_invalid",
      "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
      "expires_at",
    );
  const trade = addTrade(sql, {
    face: "stripe",
    number: `cs_test_a1${alphanumeric(56)}`,
    token: newToken(),
    providerId: undefined,
    amount,
    currency,
    state: "open",
    createMs: nowMs,
    expireMs,
    notifyUrl: "",
    returnUrl: String(params.success_url),
    fields: params,
  });
  return expandedSession(stripe, sql, { trade, expand: expansions(params) });
}

function totalOf(params: Fields): { amount: bigint; currency: string } {
  let amount = 0n;
  let currency: string | undefined;
  for (let index = 0; ; index += 1) {
    const item = (name: string) => params[`line_items[${index}]${name}`];
    const price = item("[price_data][unit_amount]");
    if (price === undefined) break;
    const param = `line_items[${index}]`;
    if (item("[price_data][product_data][name]") === undefined)
      throw invalid("parameter_missing", "Missing required param: product_data[name].", param);
    const itemCurrency = String(item("[price_data][currency]") ?? "");
    if (currency !== undefined && itemCurrency !== currency)
      throw invalid("parameter_invalid", "All line items must have the same currency.", param);
    if (item("[quantity]") === undefined)
      throw invalid("parameter_missing", "Quantity is required.", param);
    currency = itemCurrency;
    amount += BigInt(price as number) * BigInt(item("[quantity]") as number);
  }
  if (currency === undefined)
    throw invalid("parameter_missing", "Missing required param: line_items.", "line_items");
  const fault = chargeFault(amount, currency);
  if (fault) throw invalid(fault[0], fault[1], "line_items");
  return { amount, currency };
}

export function retrieveSession(stripe: Stripe, sql: Reader, id: string, params: Fields) {
  return expandedSession(stripe, sql, {
    trade: sessionOf(sql, id),
    expand: expansions(params),
  });
}

export function expireSession(stripe: Stripe, sql: Sql, id: string, params: Fields) {
  let trade = sessionOf(sql, id);
  if (trade.state === "open" && take(stripe.faults.current, "pay_during_close"))
    trade = payTrade(stripe, sql, trade, { method: "card", coupon: 0n });
  if (trade.state !== "open") {
    throw refused(
      "resource_missing",
      `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${trade.state === "closed" ? "expired" : "complete"}.`,
    );
  }
  const closed = changeTrade(sql, trade, { state: "closed", closeMs: stripe.clock.nowMs() });
  reportSession(stripe, sql, "expired", closed);
  return expandedSession(stripe, sql, { trade: closed, expand: expansions(params) });
}

export function listSessions(stripe: Stripe, sql: Reader, params: Fields) {
  const where: string[] = [];
  const values: string[] = [];
  if (params.payment_intent !== undefined) {
    where.push("provider_id = ?");
    values.push(String(params.payment_intent));
  }
  if (params.status !== undefined) {
    const states = {
      open: "'open'",
      expired: "'closed'",
      complete: "'processing', 'paid', 'failed'",
    };
    where.push(`state in (${states[params.status as keyof typeof states]})`);
  }
  const query = { table: "trades", id: "number", time: "create_ms", where, values };
  const { rows, hasMore } = page(sql, params, query);
  const expand = expansions(params);
  const data = rows.map((row) => expandedSession(stripe, sql, { trade: tradeOfRow(row), expand }));
  return listJson("/v1/checkout/sessions", data, hasMore);
}

export function retrieveIntent(sql: Reader, id: string, params: Fields) {
  const trade = tradeOfProvider(sql, "stripe", id);
  if (!trade) throw missing("payment_intent", id);
  return expandedIntent(sql, trade, expansions(params));
}

export function retrieveCharge(sql: Reader, id: string) {
  const trade = tradeOfProvider(sql, "stripe", id.replace(/^ch_/, "pi_"));
  if (!trade) throw missing("charge", id);
  return fullCharge(sql, trade);
}
