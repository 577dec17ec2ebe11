import { fenOf, yuan } from "../base/amounts.ts";
import { beijingTime } from "../base/beijing.ts";
import { type Fields, textOf } from "../base/fields.ts";
import { DAY, SECOND } from "../base/limits.ts";
import { type Refund, refundsOf, takenBy } from "../base/refunds.ts";
import type { Sql } from "../base/store.ts";
import { type Trade, tradeOf } from "../base/trades.ts";
import {
  type Alipay,
  BUYER,
  knownTrade,
  ledgerNumber,
  merchantNumber,
  type Reader,
} from "./alipay.ts";
import { refused } from "./errors.ts";
import { makeRefund } from "./payments.ts";
import type { Request } from "./requests.ts";

const SPACING_MS = 3 * SECOND;
/** The contract's period; 3 or 12 months are usual. */
const PERIOD_MS = 365 * DAY;

export function createRefund(alipay: Alipay, sql: Sql, { fields }: Request): object {
  const { clock, faults } = alipay;
  const trade = knownTrade(sql, fields);
  const amount = fenOf(textOf(fields, "refund_amount"));
  if (amount === undefined || amount === 0n)
    throw refused("INVALID_PARAMETER", "refund_amount must be more than 0");
  const refunds = refundsOf(sql, "alipay", trade.number);
  const requestNo = textOf(fields, "out_request_no");
  if (requestNo === "" && amount !== trade.amount)
    throw refused("INVALID_PARAMETER", "部分退款必须传入 out_request_no");
  const number = requestNo || trade.number;
  const known = refunds.find((refund) => refund.number === ledgerNumber(trade, number));
  if (known) {
    if (known.amount !== amount) throw refused("DISCORDANT_REPEAT_REQUEST", "请求信息不一致");
    return refundAnswer(sql, trade, "N");
  }
  const nowMs = clock.nowMs();
  checkState(trade, nowMs);
  const left = trade.amount - takenBy(refunds);
  if (amount > left) throw refused("REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限");
  const latestMs = refunds[0]?.createMs ?? Number.NEGATIVE_INFINITY;
  if (nowMs - latestMs < SPACING_MS) throw refused("SYSTEM_ERROR", "同一笔交易的退款间隔至少 3 秒");
  if (faults.current.refund === "not_enough")
    throw refused("SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足");
  const made = { number: ledgerNumber(trade, number), amount, origin: "api", fields } as const;
  const refund = makeRefund(alipay, sql, trade, made);
  return refundAnswer(sql, trade, refund.state === "succeeded" ? "Y" : "N");
}

function checkState(trade: Trade, nowMs: number): void {
  if (trade.state === "finished" || nowMs > (trade.payMs ?? nowMs) + PERIOD_MS)
    throw refused("TRADE_HAS_FINISHED", "交易已完结");
  if (trade.state === "paid" && trade.refunded < trade.amount) return;
  if (trade.state === "open") throw refused("TRADE_STATUS_ERROR", "交易状态不合法");
  throw refused("TRADE_HAS_CLOSE", "交易已经关闭");
}

/** `refund_fee` is the sum of all refunds; 10000 alone is no proof that this one was made. */
function refundAnswer(sql: Reader, { number }: Trade, fundChange: "Y" | "N"): object {
  const trade = tradeOf(sql, "alipay", number) as Trade;
  return {
    buyer_logon_id: BUYER.logon,
    buyer_user_id: BUYER.id,
    fund_change: fundChange,
    out_trade_no: trade.number,
    refund_fee: yuan(trade.refunded),
    send_back_fee: yuan(trade.refunded),
    trade_no: trade.providerId,
  };
}

/** Without refund data in the answer, the refund is not made, or the number is wrong. */
export function queryRefund(sql: Reader, { fields }: Request): object {
  const trade = knownTrade(sql, fields);
  const number = ledgerNumber(trade, textOf(fields, "out_request_no"));
  const refund = refundsOf(sql, "alipay", trade.number).find((one) => one.number === number);
  if (refund?.successMs === undefined) return {};
  return {
    out_request_no: merchantNumber(refund),
    out_trade_no: trade.number,
    refund_amount: yuan(refund.amount),
    refund_status: "REFUND_SUCCESS",
    total_amount: yuan(trade.amount),
    trade_no: trade.providerId,
    ...(asksFor(fields, "gmt_refund_pay") ? { gmt_refund_pay: beijingTime(refund.successMs) } : {}),
  };
}

function asksFor(fields: Fields, option: string): boolean {
  return Object.entries(fields).some(
    ([path, value]) => path.startsWith("query_options.") && value === option,
  );
}

/** A refund from the merchant's console. */
export function consoleRefund(
  alipay: Alipay,
  sql: Sql,
  trade: Trade,
  amount: bigint,
): Refund | undefined {
  const refunds = refundsOf(sql, "alipay", trade.number);
  if (trade.state !== "paid" || amount > trade.amount - takenBy(refunds)) return undefined;
  const number = ledgerNumber(trade, `console${refunds.length + 1}`);
  return makeRefund(alipay, sql, trade, { number, amount, origin: "console", fields: {} });
}
