import { share } from "../base/amounts.ts";
import type { Payment } from "../base/face.ts";
import { alphanumeric } from "../base/ids.ts";
import { MINUTE, SECOND } from "../base/limits.ts";
import { addMovement } from "../base/movements.ts";
import { addRefund, changeRefund, type Refund, type RefundState } from "../base/refunds.ts";
import type { Sql } from "../base/store.ts";
import { changeTrade, type Trade, tradeOf } from "../base/trades.ts";
import { chargeId } from "./objects.ts";
import { disputeOf, reportDispute, reportRefund, reportSession, type Stripe } from "./stripe.ts";

/** How a shopper can pay. A method stands for a test card or a slow bank debit. */
export const METHODS = [
  "card",
  "declined",
  "delayed",
  "delayed_failed",
  "refund_fails",
  "refund_pending",
  "dispute",
] as const;

/** 2.9 %, in ten-thousandths, and 30 minor units of a charge. */
const FEE_SHARE = 290n;
const FEE_FIXED = 30n;
/** What a dispute costs, won or lost. */
const DISPUTE_FEE = 1_500n;
/** A refund that is sent back by the bank fails after this time. */
const FAILS_AFTER_MS = 10 * SECOND;
const DELAYED_MS = MINUTE;

/** Pays an open session. A slow method completes it first, and is settled later. */
export function payTrade(stripe: Stripe, sql: Sql, trade: Trade, payment: Payment): Trade {
  if (trade.state !== "open" || payment.method === "declined") return trade;
  const nowMs = stripe.clock.nowMs();
  const providerId = `pi_3${alphanumeric(23)}`;
  if (payment.method.startsWith("delayed")) {
    const { method } = payment;
    const settleMs = nowMs + DELAYED_MS;
    const processing = changeTrade(sql, trade, {
      state: "processing",
      providerId,
      method,
      settleMs,
    });
    reportSession(stripe, sql, "completed", processing);
    return processing;
  }
  const { method } = payment;
  const paid = receive(sql, changeTrade(sql, trade, { providerId, method }), nowMs);
  reportSession(stripe, sql, "completed", paid);
  if (payment.method === "dispute") openDispute(stripe, sql, paid);
  return paid;
}

/** Ends the slow payment of a completed session. */
export function settlePayment(stripe: Stripe, sql: Sql, trade: Trade, succeeds: boolean): Trade {
  if (trade.state !== "processing") return trade;
  const now = succeeds
    ? receive(sql, trade, stripe.clock.nowMs())
    : changeTrade(sql, trade, { state: "failed", settleMs: undefined });
  const type = succeeds ? "async_payment_succeeded" : "async_payment_failed";
  reportSession(stripe, sql, type, now);
  return now;
}

function receive(sql: Sql, trade: Trade, nowMs: number): Trade {
  const paid = changeTrade(sql, trade, { state: "paid", payMs: nowMs, settleMs: undefined });
  const { amount } = trade;
  const fee = share(amount, FEE_SHARE) + FEE_FIXED;
  addMovement(sql, paid, {
    type: "charge",
    source: chargeId(paid),
    amount,
    fee: fee > amount ? amount : fee,
    atMs: nowMs,
  });
  return paid;
}

type NewRefund = { amount: bigint; origin: Refund["origin"]; fields: Refund["fields"] };

/** Stores a refund, with the outcome that the fault or the card of the payment dictates. */
export function makeRefund(stripe: Stripe, sql: Sql, trade: Trade, made: NewRefund): Refund {
  const nowMs = stripe.clock.nowMs();
  const { refund: fault, refund_delay_ms: delayMs } = stripe.faults.current;
  const outcome = fault !== "succeeded" ? fault : (OUTCOMES[trade.method] ?? "succeeded");
  const waits = outcome === "pending" || outcome === "failed" || delayMs > 0;
  const refund = addRefund(sql, {
    face: "stripe",
    number: `re_3${alphanumeric(23)}`,
    trade: trade.number,
    providerId: `re_${alphanumeric(24)}`,
    state: "pending",
    outcome: outcome === "failed" ? "failed" : "succeeded",
    createMs: nowMs,
    settleMs:
      outcome === "pending" && fault === "pending"
        ? undefined
        : nowMs + (delayMs || FAILS_AFTER_MS),
    successMs: undefined,
    notifyUrl: "",
    ...made,
  });
  addMovement(sql, trade, {
    type: "refund",
    source: refund.number,
    amount: -made.amount,
    fee: 0n,
    atMs: nowMs,
  });
  changeTrade(sql, trade, { refunded: trade.refunded + made.amount });
  const settled = waits ? refund : succeed(sql, refund, nowMs, outcome === "later_failed");
  reportRefund(stripe, sql, { type: "created", refund: settled, trade });
  return settled;
}

const OUTCOMES: Record<string, "later_failed" | "pending"> = {
  refund_fails: "later_failed",
  refund_pending: "pending",
};

/** A succeeded refund that will fail keeps the time of its failure. */
function succeed(sql: Sql, refund: Refund, nowMs: number, fails: boolean): Refund {
  return changeRefund(sql, refund, {
    state: "succeeded",
    successMs: nowMs,
    outcome: fails ? "failed" : "succeeded",
    settleMs: fails ? refund.settleMs : undefined,
  });
}

/** Gives a refund its outcome. A succeeded one can still fail: the bank sends the money back. */
export function settleRefund(stripe: Stripe, sql: Sql, refund: Refund, state: RefundState): void {
  const trade = tradeOf(sql, "stripe", refund.trade);
  if (!trade || refund.state === state || !["pending", "succeeded"].includes(refund.state)) return;
  const nowMs = stripe.clock.nowMs();
  if (state === "succeeded") {
    const done = succeed(sql, refund, nowMs, false);
    reportRefund(stripe, sql, { type: "updated", refund: done, trade });
    return;
  }
  if (state !== "failed") return;
  const failed = changeRefund(sql, refund, { state: "failed", settleMs: undefined });
  const back = changeTrade(sql, trade, { refunded: trade.refunded - refund.amount });
  addMovement(sql, trade, {
    type: "refund_failure",
    source: refund.number,
    amount: refund.amount,
    fee: 0n,
    atMs: nowMs,
  });
  reportRefund(stripe, sql, { type: "updated", refund: failed, trade: back });
  reportRefund(stripe, sql, { type: "failed", refund: failed, trade: back });
}

/** The bank of the shopper takes the money back, at once. */
export function openDispute(stripe: Stripe, sql: Sql, trade: Trade): void {
  const isPaid = trade.payMs !== undefined && trade.refunded < trade.amount;
  if (!isPaid || disputeOf(sql, trade.number)) return;
  const nowMs = stripe.clock.nowMs();
  const dispute = {
    id: `du_1${alphanumeric(23)}`,
    trade: trade.number,
    amount: trade.amount - trade.refunded,
    state: "needs_response",
    createMs: nowMs,
  } as const;
  sql.run("insert into disputes values (?, 'stripe', ?, ?, ?, ?)", [
    dispute.id,
    dispute.trade,
    dispute.amount,
    dispute.state,
    nowMs,
  ]);
  addMovement(sql, trade, {
    type: "dispute",
    source: dispute.id,
    amount: -dispute.amount,
    fee: DISPUTE_FEE,
    atMs: nowMs,
  });
  reportDispute(stripe, sql, { type: "created", dispute, trade });
  reportDispute(stripe, sql, { type: "funds_withdrawn", dispute, trade });
}

/** Ends a dispute. The money comes back if the shop won it. */
export function closeDispute(stripe: Stripe, sql: Sql, trade: Trade, won: boolean): void {
  const open = disputeOf(sql, trade.number);
  if (!open || !["needs_response", "under_review"].includes(open.state)) return;
  const dispute = { ...open, state: won ? "won" : "lost" } as const;
  sql.run("update disputes set state = ? where id = ?", [dispute.state, dispute.id]);
  if (won) {
    addMovement(sql, trade, {
      type: "dispute_reversal",
      source: dispute.id,
      amount: dispute.amount,
      fee: -DISPUTE_FEE,
      atMs: stripe.clock.nowMs(),
    });
    reportDispute(stripe, sql, { type: "funds_reinstated", dispute, trade });
  }
  reportDispute(stripe, sql, { type: "closed", dispute, trade });
}
