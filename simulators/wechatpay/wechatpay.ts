import { beijingRfc3339 } from "../base/beijing.ts";
import type { Parts } from "../base/face.ts";
import type { Faults } from "../base/faults.ts";
import { textOf } from "../base/fields.ts";
import { type Refund, type RefundState, refundsOf } from "../base/refunds.ts";
import type { Sql } from "../base/store.ts";
import { type Trade, tradeOf, tradeOfProvider } from "../base/trades.ts";
import type { Account } from "./account.ts";
import { WechatError } from "./errors.ts";

/** What every part of this face works with. */
export type Wechatpay = Parts & { account: Account; faults: { current: Faults } };

export type Reader = Pick<Sql, "get" | "all">;

export const REFUND_STATUS: Record<RefundState, string> = {
  pending: "PROCESSING",
  succeeded: "SUCCESS",
  closed: "CLOSED",
  failed: "CLOSED",
  abnormal: "ABNORMAL",
};

/** The simulated shopper. */
export const PAYER = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o";

export function knownTrade(
  sql: Reader,
  { number, providerId }: { number: string; providerId: string },
): Trade {
  const trade = providerId
    ? tradeOfProvider(sql, "wechatpay", providerId)
    : tradeOf(sql, "wechatpay", number);
  if (!trade) throw new WechatError(404, "ORDER_NOT_EXIST", "订单不存在");
  return trade;
}

/** REFUND stays for ever after the first refund, also a partial one. */
export function tradeStatus(sql: Reader, trade: Trade): string {
  if (trade.state === "closed") return "CLOSED";
  if (trade.state !== "paid") return "NOTPAY";
  return refundsOf(sql, "wechatpay", trade.number).length > 0 ? "REFUND" : "SUCCESS";
}

const STATUS_TEXTS: Record<string, string> = {
  SUCCESS: "支付成功",
  REFUND: "转入退款",
  NOTPAY: "订单未支付",
  CLOSED: "订单已关闭",
};

export function tradeJson(account: Account, trade: Trade, status: string) {
  const base = {
    appid: account.appid,
    mchid: account.mchid,
    out_trade_no: trade.number,
    trade_state: status,
    trade_state_desc: STATUS_TEXTS[status],
    attach: textOf(trade.fields, "attach"),
  };
  if (trade.payMs === undefined) {
    return { ...base, amount: { total: Number(trade.amount), currency: "CNY" } };
  }
  const payer = Number(trade.amount - trade.coupon);
  const promotion = {
    coupon_id: "109519",
    name: "立减优惠",
    scope: "GLOBAL",
    type: "CASH",
    amount: Number(trade.coupon),
    wechatpay_contribute: Number(trade.coupon),
    merchant_contribute: 0,
    other_contribute: 0,
    currency: "CNY",
  };
  return {
    ...base,
    transaction_id: trade.providerId,
    trade_type: tradeType(trade),
    bank_type: "OTHERS",
    success_time: beijingRfc3339(trade.payMs),
    payer: { openid: PAYER },
    amount: {
      total: Number(trade.amount),
      payer_total: payer,
      currency: "CNY",
      payer_currency: "CNY",
    },
    ...(trade.coupon > 0n ? { promotion_detail: [promotion] } : {}),
  };
}

export function tradeType({ fields }: Trade): "NATIVE" | "MWEB" {
  return fields["scene_info.h5_info.type"] === undefined ? "NATIVE" : "MWEB";
}

export function refundJson(refund: Refund, trade: Trade) {
  const refunded = Number(refund.amount);
  const payer = payerRefund(refund, trade);
  return {
    refund_id: refund.providerId,
    out_refund_no: refund.number,
    transaction_id: trade.providerId,
    out_trade_no: trade.number,
    channel: "ORIGINAL",
    user_received_account: "支付用户零钱",
    ...(refund.successMs === undefined ? {} : { success_time: beijingRfc3339(refund.successMs) }),
    create_time: beijingRfc3339(refund.createMs),
    status: REFUND_STATUS[refund.state],
    funds_account: "AVAILABLE",
    amount: {
      total: Number(trade.amount),
      refund: refunded,
      payer_total: Number(trade.amount - trade.coupon),
      payer_refund: payer,
      settlement_refund: refunded,
      settlement_total: Number(trade.amount),
      discount_refund: refunded - payer,
      currency: "CNY",
    },
  };
}

/** A coupon is taken back by the share that is refunded. */
export function payerRefund(refund: Refund, trade: Trade): number {
  const coupon = (trade.coupon * refund.amount) / trade.amount;
  return Number(refund.amount - coupon);
}
