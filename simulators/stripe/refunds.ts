import type { Fields } from "../base/fields.ts";
import { type Movement, movementOfRow } from "../base/movements.ts";
import { type Refund, refundOf, refundOfRow, refundsOf, takenBy } from "../base/refunds.ts";
import type { Row, Sql } from "../base/store.ts";
import { type Trade, tradeOf, tradeOfProvider } from "../base/trades.ts";
import { divisibilityFault } from "./currency.ts";
import { invalid, missing, refused } from "./errors.ts";
import { listJson, page } from "./lists.ts";
import { balanceJson, type Dispute, paymentIntentJson, refundJson } from "./objects.ts";
import { expansions } from "./params.ts";
import { makeRefund } from "./payments.ts";
import { disputeOf, fullCharge, fullDispute, type Stripe } from "./stripe.ts";

type Reader = Pick<Sql, "get" | "all">;

export function createRefund(stripe: Stripe, sql: Sql, params: Fields) {
  const trade = refundedTrade(sql, params);
  if (trade.payMs === undefined)
    throw refused("charge_not_refundable", "This PaymentIntent has no successful charge.");
  const dispute = disputeOf(sql, trade.number);
  if (dispute && dispute.state !== "won")
    throw refused("charge_disputed", `Charge ${trade.providerId} has been charged back.`);
  const left = trade.amount - takenBy(refundsOf(sql, "stripe", trade.number));
  if (left === 0n) throw refused("charge_already_refunded", "Charge has already been refunded.");
  const amount = params.amount === undefined ? left : BigInt(params.amount as number);
  const fault = divisibilityFault(amount, trade.currency);
  if (fault) throw invalid(fault[0], fault[1], "amount");
  if (amount > left)
    throw refused(
      "parameter_invalid",
      `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`,
    );
  if (stripe.faults.current.refund === "not_enough")
    throw refused("balance_insufficient", "Insufficient funds in your Stripe balance.");
  const refund = makeRefund(stripe, sql, trade, { amount, origin: "api", fields: params });
  return expandedRefund(sql, refund, params);
}

function refundedTrade(sql: Reader, params: Fields): Trade {
  const { payment_intent: intent, charge } = params;
  if ((intent === undefined) === (charge === undefined))
    throw invalid("parameter_missing", "One of payment_intent and charge must be sent.", "charge");
  const id = String(intent ?? charge).replace(/^ch_/, "pi_");
  const trade = tradeOfProvider(sql, "stripe", id);
  if (!trade) throw missing(intent ? "payment_intent" : "charge", String(intent ?? charge));
  return trade;
}

export function retrieveRefund(sql: Reader, id: string, params: Fields) {
  const refund = refundOf(sql, "stripe", id);
  if (!refund) throw missing("refund", id);
  return expandedRefund(sql, refund, params);
}

export function listRefunds(sql: Reader, params: Fields) {
  const intent = params.payment_intent ?? params.charge;
  const where: string[] = [];
  const values: string[] = [];
  if (intent !== undefined) {
    const id = String(intent).replace(/^ch_/, "pi_");
    where.push("trade = ?");
    values.push(tradeOfProvider(sql, "stripe", id)?.number ?? "");
  }
  const query = { table: "refunds", id: "number", time: "create_ms", where, values };
  const { rows, hasMore } = page(sql, params, query);
  const data = rows.map((row) => expandedRefund(sql, refundOfRow(row), params));
  return listJson("/v1/refunds", data, hasMore);
}

function expandedRefund(sql: Reader, refund: Refund, params: Fields) {
  const trade = tradeOf(sql, "stripe", refund.trade) as Trade;
  const expand = expansions(params);
  const json = refundJson(refund, trade);
  return {
    ...json,
    balance_transaction: movementId(sql, refund.number),
    payment_intent: expand.has("payment_intent") ? paymentIntentJson(trade) : trade.providerId,
    charge: expand.has("charge") ? fullCharge(sql, trade) : json.charge,
  };
}

function movementId(sql: Reader, source: string): string | null {
  const row = sql.get("select id from movements where source = ? order by seq limit 1", [source]);
  return row ? String(row.id) : null;
}

export function listBalance(sql: Reader, params: Fields) {
  const where: string[] = [];
  const values: string[] = [];
  if (params.type !== undefined) {
    const types = { adjustment: ["dispute", "dispute_reversal"] }[String(params.type)];
    where.push(`type in (${(types ?? [params.type]).map(() => "?").join(", ")})`);
    values.push(...(types ?? [String(params.type)]));
  }
  for (const name of ["source", "currency"]) {
    if (params[name] === undefined) continue;
    where.push(`${name} = ?`);
    values.push(String(params[name]));
  }
  // Payouts are not simulated: none has a transaction.
  if (params.payout !== undefined) where.push("false");
  const query = { table: "movements", id: "id", time: "at_ms", where, values };
  const { rows, hasMore } = page(sql, params, query);
  const expand = expansions(params);
  const data = rows.map(movementOfRow).map((movement) => {
    const json = balanceJson(movement);
    return expand.has("source") ? { ...json, source: sourceJson(sql, movement) } : json;
  });
  return listJson("/v1/balance_transactions", data, hasMore);
}

/** The charge, refund or dispute that moved money. */
function sourceJson(sql: Reader, { trade: number, source }: Movement): object {
  const trade = tradeOf(sql, "stripe", number) as Trade;
  const refund = refundOf(sql, "stripe", source);
  if (refund) return refundJson(refund, trade);
  const dispute = disputeOf(sql, number);
  return dispute?.id === source ? fullDispute(sql, dispute, trade) : fullCharge(sql, trade);
}

export function retrieveBalance(sql: Reader, id: string) {
  const row = sql.get("select * from movements where face = 'stripe' and id = ?", [id]);
  if (!row) throw missing("balance_transaction", id);
  return balanceJson(movementOfRow(row));
}

export function balance(sql: Reader) {
  const rows = sql.all(
    `select currency, sum(amount - fee) as net from movements where face = 'stripe'
     group by currency order by currency`,
  );
  const pending = rows.map(({ currency, net }) => ({ amount: Number(net), currency }));
  return { object: "balance", available: [], livemode: false, pending };
}

export function listEvents(sql: Reader, params: Fields) {
  const where: string[] = [];
  const values: string[] = [];
  const types = Object.entries(params)
    .filter(([path]) => path === "type" || path.startsWith("types["))
    .map(([, value]) => String(value));
  if (types.length > 0) {
    where.push(`type in (${types.map(() => "?").join(", ")})`);
    values.push(...types);
  }
  if (params.delivery_success !== undefined)
    where.push(params.delivery_success === true ? "state = 'answered'" : "state <> 'answered'");
  const query = { table: "notices", id: "id", time: "first_ms", where, values };
  const { rows, hasMore } = page(sql, params, query);
  return listJson("/v1/events", rows.map(storedEvent), hasMore);
}

export function retrieveEvent(sql: Reader, id: string) {
  const row = sql.get("select * from notices where face = 'stripe' and id = ?", [id]);
  if (!row) throw missing("event", id);
  return storedEvent(row);
}

function storedEvent(row: Row): object {
  const pending = row.state === "waiting" ? 1 : 0;
  return { ...(JSON.parse(String(row.content)) as object), pending_webhooks: pending };
}

export function listDisputes(sql: Reader, params: Fields) {
  const intent = params.payment_intent ?? params.charge;
  const id = String(intent ?? "").replace(/^ch_/, "pi_");
  const trade = intent === undefined ? undefined : tradeOfProvider(sql, "stripe", id);
  const where = intent === undefined ? [] : ["trade = ?"];
  const values = intent === undefined ? [] : [trade?.number ?? ""];
  const query = { table: "disputes", id: "id", time: "create_ms", where, values };
  const { rows, hasMore } = page(sql, params, query);
  const data = rows.map((row) => oneDispute(sql, String(row.trade)));
  return listJson("/v1/disputes", data, hasMore);
}

export function retrieveDispute(sql: Reader, id: string) {
  const row = sql.get("select trade from disputes where id = ?", [id]);
  if (!row) throw missing("dispute", id);
  return oneDispute(sql, String(row.trade));
}

function oneDispute(sql: Reader, number: string): object {
  const trade = tradeOf(sql, "stripe", number) as Trade;
  return fullDispute(sql, disputeOf(sql, number) as Dispute, trade);
}
