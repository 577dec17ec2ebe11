import { type Fields, textOf } from "../base/fields.ts";
import { DAY, MINUTE } from "../base/limits.ts";
import { mayNotify } from "../base/notify-rule.ts";
import {
  changeRefund,
  type Refund,
  refundOf,
  refundOfProvider,
  refundsOf,
  takenBy,
} from "../base/refunds.ts";
import type { Sql } from "../base/store.ts";
import { type Trade, tradeOf, tradeOfProvider } from "../base/trades.ts";
import { invalidRequest, paramError, WechatError } from "./errors.ts";
import { makeRefund } from "./payments.ts";
import { type Reader, refundJson, type Wechatpay } from "./wechatpay.ts";

const MAX_REFUNDS = 50;
const SPACING_MS = MINUTE;
const PERIOD_MS = 365 * DAY;
const TO_CARD_MS = MINUTE;

export function createRefund(wechatpay: Wechatpay, sql: Sql, fields: Fields): object {
  const { clock, faults, notify } = wechatpay;
  const trade = refundedTrade(sql, fields);
  const number = textOf(fields, "out_refund_no");
  const amount = BigInt(fields["amount.refund"] as number);
  const known = refundOf(sql, "wechatpay", number);
  if (known) {
    const same = known.trade === trade.number && known.amount === amount;
    if (!same) throw invalidRequest("商户退款单号重复，请求参数与原请求不一致");
    return refundJson(known, trade);
  }
  if (BigInt(fields["amount.total"] as number) !== trade.amount)
    throw invalidRequest("订单金额与原订单不一致");
  if (trade.state !== "paid" || trade.payMs === undefined)
    throw invalidRequest("订单未支付，不支持退款");
  const nowMs = clock.nowMs();
  if (nowMs > trade.payMs + PERIOD_MS) throw invalidRequest("订单已超过退款期限");
  const refunds = refundsOf(sql, "wechatpay", trade.number);
  if (refunds.length >= MAX_REFUNDS) throw invalidRequest("部分退款次数超过限制");
  const latestMs = refunds[0]?.createMs ?? Number.NEGATIVE_INFINITY;
  if (nowMs - latestMs < SPACING_MS)
    throw new WechatError(429, "FREQUENCY_LIMITED", "同一订单的退款间隔至少 1 分钟");
  if (amount > trade.amount - takenBy(refunds)) throw invalidRequest("退款金额大于可退金额");
  if (faults.current.refund === "not_enough")
    throw new WechatError(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起");
  const notifyUrl = textOf(fields, "notify_url");
  if (notifyUrl !== "" && !mayNotify(notify, notifyUrl))
    throw paramError("notify_url must be on an origin in SHOP_SIMULATORS_NOTIFY_ORIGINS");
  const made = { number, amount, origin: "api", notifyUrl, fields } as const;
  return refundJson(makeRefund(wechatpay, sql, trade, made), trade);
}

function refundedTrade(sql: Reader, fields: Fields): Trade {
  const { transaction_id: id, out_trade_no: number } = fields;
  if ((id === undefined) === (number === undefined))
    throw paramError("send exactly one of transaction_id and out_trade_no");
  const trade = id
    ? tradeOfProvider(sql, "wechatpay", String(id))
    : tradeOf(sql, "wechatpay", String(number));
  if (!trade) throw new WechatError(404, "RESOURCE_NOT_EXISTS", "订单号不存在");
  return trade;
}

export function queryRefund(sql: Reader, number: string): object {
  const refund = refundOf(sql, "wechatpay", number);
  if (!refund) throw notFound();
  return refundJson(refund, tradeOf(sql, "wechatpay", refund.trade) as Trade);
}

/** Sends the money of an abnormal refund to another card. */
export function applyAbnormal(
  { clock }: Wechatpay,
  sql: Sql,
  { id, fields }: { id: string; fields: Fields },
): object {
  const refund = refundOfProvider(sql, "wechatpay", id);
  if (!refund || refund.number !== fields.out_refund_no) throw notFound();
  if (fields.type === "USER_BANK_CARD" && ["bank_type", "bank_account", "real_name"].some(absent))
    throw paramError("USER_BANK_CARD needs bank_type, bank_account and real_name");
  if (refund.state !== "abnormal") throw invalidRequest("退款单状态不是退款异常");
  const now = changeRefund(sql, refund, {
    state: "pending",
    outcome: "succeeded",
    settleMs: clock.nowMs() + TO_CARD_MS,
  });
  return refundJson(now, tradeOf(sql, "wechatpay", refund.trade) as Trade);

  function absent(name: string): boolean {
    return textOf(fields, name) === "";
  }
}

/** A refund from the merchant's console. */
export function consoleRefund(
  wechatpay: Wechatpay,
  sql: Sql,
  trade: Trade,
  amount: bigint,
): Refund | undefined {
  const refunds = refundsOf(sql, "wechatpay", trade.number);
  if (trade.state !== "paid" || amount > trade.amount - takenBy(refunds)) return undefined;
  const number = `console${refunds.length + 1}@${trade.number}`.slice(0, 64);
  const made = { number, amount, origin: "console", notifyUrl: "", fields: {} } as const;
  return makeRefund(wechatpay, sql, trade, made);
}

function notFound(): WechatError {
  return new WechatError(404, "RESOURCE_NOT_EXISTS", "退款单不存在");
}
