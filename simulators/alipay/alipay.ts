import { yuan } from "../base/amounts.ts";
import { beijingTime } from "../base/beijing.ts";
import type { Parts } from "../base/face.ts";
import type { Faults } from "../base/faults.ts";
import { type Fields, textOf } from "../base/fields.ts";
import type { Refund } from "../base/refunds.ts";
import type { Sql } from "../base/store.ts";
import { type Trade, tradeOf, tradeOfProvider } from "../base/trades.ts";
import type { Account } from "./account.ts";
import { refused } from "./errors.ts";

/** What every part of this face works with. */
export type Alipay = Parts & { account: Account; faults: { current: Faults } };

export type Reader = Pick<Sql, "get" | "all">;

/** The simulated shopper. */
export const BUYER = { id: "2088102146225135", logon: "bua***@sandbox.com" };

/**
 * The trade that a request names. If it names both numbers, Alipay's wins. Before the shopper has
 * scanned or logged in, Alipay has no trade.
 */
export function knownTrade(sql: Reader, fields: Fields): Trade {
  const { trade_no: id, out_trade_no: number } = fields;
  if (id === undefined && number === undefined)
    throw refused("INVALID_PARAMETER", "out_trade_no 和 trade_no 不能同时为空");
  const trade =
    id === undefined
      ? tradeOf(sql, "alipay", textOf(fields, "out_trade_no"))
      : tradeOfProvider(sql, "alipay", String(id));
  if (trade?.providerId === undefined) throw refused("TRADE_NOT_EXIST", "交易不存在");
  return trade;
}

/** Refund numbers are unique within a trade only, so the ledger's number has both. */
export function ledgerNumber(trade: Trade, number: string): string {
  return `${trade.number}/${number}`;
}

/** The merchant's number of a refund. */
export function merchantNumber(refund: Pick<Refund, "number" | "trade">): string {
  return refund.number.slice(refund.trade.length + 1);
}

export function tradeStatus({ state, refunded, amount }: Trade): string {
  if (state === "finished") return "TRADE_FINISHED";
  if (state === "paid") return refunded === amount ? "TRADE_CLOSED" : "TRADE_SUCCESS";
  return state === "open" ? "WAIT_BUYER_PAY" : "TRADE_CLOSED";
}

/** What the shopper paid, and what of it the merchant gets before fees. */
export function paidAmounts(trade: Trade) {
  return {
    receipt_amount: yuan(trade.amount),
    buyer_pay_amount: yuan(trade.amount - trade.coupon),
    point_amount: "0.00",
    invoice_amount: yuan(trade.amount - trade.coupon),
  };
}

export function tradeJson(trade: Trade) {
  const paid =
    trade.payMs === undefined
      ? {}
      : { ...paidAmounts(trade), send_pay_date: beijingTime(trade.payMs) };
  return {
    buyer_logon_id: BUYER.logon,
    buyer_user_id: BUYER.id,
    out_trade_no: trade.number,
    total_amount: yuan(trade.amount),
    trade_no: trade.providerId,
    trade_status: tradeStatus(trade),
    ...paid,
  };
}
