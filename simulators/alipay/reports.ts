import { yuan } from "../base/amounts.ts";
import { beijingTime } from "../base/beijing.ts";
import { textOf } from "../base/fields.ts";
import { digits } from "../base/ids.ts";
import { addNotice } from "../base/notices.ts";
import type { Sql } from "../base/store.ts";
import type { Trade } from "../base/trades.ts";
import { type Alipay, BUYER, paidAmounts } from "./alipay.ts";

type Report = {
  trade: Trade;
  status: string;
  /** The refund that it reports, and its fields. */
  refund?: { number: string; fields: Record<string, string> };
};

/** Stores the notice of a trade, in the transaction of what it reports. */
export function reportTrade(
  { account, clock, faults }: Alipay,
  sql: Sql,
  { trade, status, refund }: Report,
): void {
  const nowMs = clock.nowMs();
  const day = beijingTime(nowMs).slice(0, 10).replaceAll("-", "");
  const id = `${day}${digits(26)}`;
  const params: Record<string, string> = {
    notify_id: id,
    notify_type: "trade_status_sync",
    notify_time: beijingTime(nowMs),
    charset: "utf-8",
    version: "1.0",
    sign_type: "RSA2",
    app_id: account.appId,
    auth_app_id: account.appId,
    seller_id: account.sellerId,
    buyer_id: BUYER.id,
    out_trade_no: trade.number,
    trade_no: String(trade.providerId),
    trade_status: status,
    total_amount: yuan(trade.amount),
    subject: textOf(trade.fields, "subject"),
    gmt_create: beijingTime(trade.createMs),
    ...optional("body", textOf(trade.fields, "body")),
    ...optional("passback_params", textOf(trade.fields, "passback_params")),
    ...(trade.payMs === undefined ? {} : paidFields(trade, trade.payMs)),
    ...(status === "TRADE_CLOSED" ? { gmt_close: beijingTime(nowMs) } : {}),
    ...refund?.fields,
  };
  addNotice(
    sql,
    {
      id,
      face: "alipay",
      trade: trade.number,
      refund: refund?.number ?? "",
      type: status,
      url: trade.notifyUrl,
      content: JSON.stringify(params),
      firstMs: nowMs,
    },
    nowMs + faults.current.delay_ms,
  );
}

function paidFields(trade: Trade, payMs: number): Record<string, string> {
  const bills = [
    { amount: yuan(trade.amount - trade.coupon), fundChannel: "ALIPAYACCOUNT" },
    ...(trade.coupon > 0n ? [{ amount: yuan(trade.coupon), fundChannel: "COUPON" }] : []),
  ];
  return {
    ...paidAmounts(trade),
    gmt_payment: beijingTime(payMs),
    // Quotes inside a value: receivers must not unescape it.
    fund_bill_list: JSON.stringify(bills),
  };
}

function optional(name: string, value: string): Record<string, string> {
  return value === "" ? {} : { [name]: value };
}
