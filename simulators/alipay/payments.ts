import { share, yuan } from "../base/amounts.ts";
import { beijingTime } from "../base/beijing.ts";
import type { Payment } from "../base/face.ts";
import { digits } from "../base/ids.ts";
import { addMovement } from "../base/movements.ts";
import { addRefund, changeRefund, type Refund, type RefundState } from "../base/refunds.ts";
import type { Sql } from "../base/store.ts";
import { changeTrade, type Trade, tradeOf } from "../base/trades.ts";
import { type Alipay, merchantNumber, tradeStatus } from "./alipay.ts";
import { reportTrade } from "./reports.ts";

/** 0.6 %, in ten-thousandths. The fee of what is refunded is given back. */
const FEE_SHARE = 60n;

/** The shopper scans the code or logs in: now Alipay has a trade. */
export function beginTrade({ clock }: Alipay, sql: Sql, trade: Trade): Trade {
  const nowMs = clock.nowMs();
  if (trade.state !== "created" || trade.expireMs <= nowMs) return trade;
  const day = beijingTime(nowMs).slice(0, 10).replaceAll("-", "");
  return changeTrade(sql, trade, { state: "open", providerId: `${day}2200${digits(16)}` });
}

export function payTrade(alipay: Alipay, sql: Sql, trade: Trade, payment: Payment): Trade {
  const nowMs = alipay.clock.nowMs();
  if (trade.state !== "open" || trade.expireMs <= nowMs) return trade;
  const coupon = payment.coupon < trade.amount ? payment.coupon : 0n;
  const paid = changeTrade(sql, trade, { state: "paid", payMs: nowMs, coupon });
  const { amount } = paid;
  addMovement(sql, paid, {
    type: "charge",
    source: String(paid.providerId),
    amount,
    fee: share(amount, FEE_SHARE),
    atMs: nowMs,
  });
  reportTrade(alipay, sql, { trade: paid, status: "TRADE_SUCCESS" });
  return paid;
}

/** Accepts a refund, and makes it at once unless a fault delays or fails it. */
export function makeRefund(
  alipay: Alipay,
  sql: Sql,
  trade: Trade,
  made: Pick<Refund, "number" | "amount" | "origin" | "fields">,
): Refund {
  const nowMs = alipay.clock.nowMs();
  const { refund: fault, refund_delay_ms: delayMs } = alipay.faults.current;
  const fails = ["failed", "closed", "abnormal"].includes(fault);
  const waits = fault === "pending" || fails || delayMs > 0;
  const refund = addRefund(sql, {
    face: "alipay",
    trade: trade.number,
    providerId: `${trade.providerId}-${made.number}`,
    state: "pending",
    outcome: fails ? "failed" : "succeeded",
    createMs: nowMs,
    settleMs: fault === "pending" ? undefined : nowMs + delayMs,
    successMs: undefined,
    notifyUrl: "",
    ...made,
  });
  return waits ? refund : succeed(alipay, sql, refund, trade);
}

/** Gives a refund that waits its outcome. */
export function settleRefund(alipay: Alipay, sql: Sql, refund: Refund, state: RefundState): void {
  const trade = tradeOf(sql, "alipay", refund.trade);
  if (!trade || refund.state !== "pending" || state === "pending") return;
  if (state === "succeeded") succeed(alipay, sql, refund, trade);
  else changeRefund(sql, refund, { state: "failed", settleMs: undefined });
}

function succeed(alipay: Alipay, sql: Sql, refund: Refund, trade: Trade): Refund {
  const nowMs = alipay.clock.nowMs();
  const done = changeRefund(sql, refund, {
    state: "succeeded",
    settleMs: undefined,
    successMs: nowMs,
  });
  const now = changeTrade(sql, trade, { refunded: trade.refunded + refund.amount });
  addMovement(sql, trade, {
    type: "refund",
    source: refund.number,
    amount: -refund.amount,
    fee: -share(refund.amount, FEE_SHARE),
    atMs: nowMs,
  });
  reportTrade(alipay, sql, {
    trade: now,
    status: tradeStatus(now),
    refund: {
      number: refund.number,
      fields: {
        refund_fee: yuan(now.refunded),
        gmt_refund: `${beijingTime(nowMs)}.000`,
        out_biz_no: merchantNumber(refund),
      },
    },
  });
  return done;
}

/** The period for refunds is over. */
export function finishTrade(alipay: Alipay, sql: Sql, trade: Trade): Trade {
  if (trade.state !== "paid" || trade.refunded === trade.amount) return trade;
  const finished = changeTrade(sql, trade, { state: "finished" });
  reportTrade(alipay, sql, { trade: finished, status: "TRADE_FINISHED" });
  return finished;
}
