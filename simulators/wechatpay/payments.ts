import { share } from "../base/amounts.ts";
import type { Payment } from "../base/face.ts";
import { textOf } from "../base/fields.ts";
import { digits } from "../base/ids.ts";
import { SECOND } from "../base/limits.ts";
import { addMovement } from "../base/movements.ts";
import { addRefund, changeRefund, type Refund, type RefundState } from "../base/refunds.ts";
import type { Sql } from "../base/store.ts";
import { changeTrade, type Trade, tradeOf } from "../base/trades.ts";
import { reportPayment, reportRefund } from "./reports.ts";
import type { Wechatpay } from "./wechatpay.ts";

/** 0.6 %, in ten-thousandths. The fee of what is refunded is given back. */
const FEE_SHARE = 60n;
/** Refunds to a balance take seconds to minutes. */
const REFUND_TAKES_MS = SECOND;

/** Pays an open order, unless its time is over. */
export function payTrade(wechatpay: Wechatpay, sql: Sql, trade: Trade, payment: Payment): Trade {
  const nowMs = wechatpay.clock.nowMs();
  const until = textOf(trade.fields, "time_expire");
  if (trade.state !== "open" || (until !== "" && Date.parse(until) <= nowMs)) return trade;
  const coupon = payment.coupon < trade.amount ? payment.coupon : 0n;
  const paid = changeTrade(sql, trade, {
    state: "paid",
    payMs: nowMs,
    providerId: `4200${digits(24)}`,
    coupon,
  });
  const { amount } = trade;
  addMovement(sql, paid, {
    type: "charge",
    source: String(paid.providerId),
    amount,
    fee: share(amount, FEE_SHARE),
    atMs: nowMs,
  });
  reportPayment(wechatpay, sql, paid);
  return paid;
}

/** Accepts a refund. It is PROCESSING until its outcome is due. */
export function makeRefund(
  { clock, faults }: Wechatpay,
  sql: Sql,
  trade: Trade,
  made: Pick<Refund, "number" | "amount" | "origin" | "notifyUrl" | "fields">,
): Refund {
  const nowMs = clock.nowMs();
  const { refund: fault, refund_delay_ms: delayMs } = faults.current;
  const outcomes: Record<string, RefundState> = {
    closed: "closed",
    failed: "closed",
    abnormal: "abnormal",
  };
  return addRefund(sql, {
    face: "wechatpay",
    trade: trade.number,
    providerId: `5030${digits(24)}`,
    state: "pending",
    outcome: outcomes[fault] ?? "succeeded",
    createMs: nowMs,
    settleMs: fault === "pending" ? undefined : nowMs + (delayMs || REFUND_TAKES_MS),
    successMs: undefined,
    ...made,
  });
}

/** Gives a refund in PROCESSING its outcome, and an abnormal one its success. */
export function settleRefund(
  wechatpay: Wechatpay,
  sql: Sql,
  refund: Refund,
  state: RefundState,
): void {
  const trade = tradeOf(sql, "wechatpay", refund.trade);
  if (!trade || !["pending", "abnormal"].includes(refund.state) || refund.state === state) return;
  const nowMs = wechatpay.clock.nowMs();
  const final = state === "failed" ? "closed" : state;
  if (final === "pending") return;
  const successMs = final === "succeeded" ? nowMs : undefined;
  const settled = changeRefund(sql, refund, { state: final, settleMs: undefined, successMs });
  if (final === "succeeded") {
    changeTrade(sql, trade, { refunded: trade.refunded + refund.amount });
    addMovement(sql, trade, {
      type: "refund",
      source: refund.providerId,
      amount: -refund.amount,
      fee: -share(refund.amount, FEE_SHARE),
      atMs: nowMs,
    });
  }
  reportRefund(wechatpay, sql, settled, trade);
}
