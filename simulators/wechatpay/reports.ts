import { randomUUID } from "node:crypto";
import { beijingRfc3339 } from "../base/beijing.ts";
import { addNotice } from "../base/notices.ts";
import type { Refund } from "../base/refunds.ts";
import type { Sql } from "../base/store.ts";
import type { Trade } from "../base/trades.ts";
import { payerRefund, REFUND_STATUS, tradeJson, type Wechatpay } from "./wechatpay.ts";

/** What a notice says, before it is encrypted. */
export type Report = {
  event_type: string;
  summary: string;
  original_type: "transaction" | "refund";
  create_time: string;
  resource: Record<string, unknown>;
};

export function reportPayment(wechatpay: Wechatpay, sql: Sql, trade: Trade): void {
  report(wechatpay, sql, trade, {
    event_type: "TRANSACTION.SUCCESS",
    summary: "支付成功",
    original_type: "transaction",
    create_time: beijingRfc3339(wechatpay.clock.nowMs()),
    resource: tradeJson(wechatpay.account, trade, "SUCCESS"),
  });
}

const SUMMARIES: Record<string, string> = {
  SUCCESS: "退款成功",
  CLOSED: "退款关闭",
  ABNORMAL: "退款异常",
};

export function reportRefund(wechatpay: Wechatpay, sql: Sql, refund: Refund, trade: Trade): void {
  const status = REFUND_STATUS[refund.state];
  const { successMs } = refund;
  const amount = {
    total: Number(trade.amount),
    refund: Number(refund.amount),
    payer_total: Number(trade.amount - trade.coupon),
    payer_refund: payerRefund(refund, trade),
  };
  const resource = {
    mchid: wechatpay.account.mchid,
    transaction_id: trade.providerId,
    out_trade_no: trade.number,
    refund_id: refund.providerId,
    out_refund_no: refund.number,
    refund_status: status,
    ...(successMs === undefined ? {} : { success_time: beijingRfc3339(successMs) }),
    user_received_account: "支付用户零钱",
    amount,
  };
  report(
    wechatpay,
    sql,
    trade,
    {
      event_type: `REFUND.${status}`,
      summary: SUMMARIES[status] ?? "",
      original_type: "refund",
      create_time: beijingRfc3339(wechatpay.clock.nowMs()),
      resource,
    },
    refund,
  );
}

/** Stores a notice, in the transaction of what it reports. */
function report(
  { clock, faults }: Wechatpay,
  sql: Sql,
  trade: Trade,
  content: Report,
  refund?: Refund,
): void {
  const nowMs = clock.nowMs();
  addNotice(
    sql,
    {
      id: randomUUID(),
      face: "wechatpay",
      trade: trade.number,
      refund: refund?.number ?? "",
      type: content.event_type,
      url: refund?.notifyUrl || trade.notifyUrl,
      content: JSON.stringify(content),
      firstMs: nowMs,
    },
    nowMs + faults.current.delay_ms,
  );
}
