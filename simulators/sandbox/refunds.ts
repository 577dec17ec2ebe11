import { IdReused, type Payment, paymentOf, type Reader } from "./ledger.ts";
import type { Sql } from "./store.ts";

export type RefundRequest = {
  merchantRefundId: string;
  merchantTradeId: string;
  amountCents: bigint;
};

export type RefundOutcome = { state: "succeeded" | "pending" } | { state: "failed"; cause: string };
export type Refund = RefundRequest & { outcome: RefundOutcome };

/** The refund with the merchant's id; undefined if there is none. */
export function refundOf(sql: Reader, merchantRefundId: string): Refund | undefined {
  const where = "where merchant_refund_id = ?";
  const done = sql.get(`select * from refunds ${where}`, [merchantRefundId]);
  const row = done ?? sql.get(`select * from pending_refunds ${where}`, [merchantRefundId]);
  if (!row) return undefined;
  const merchantTradeId = String(row.merchant_trade_id);
  const amountCents = row.amount_cents as bigint;
  const request = { merchantRefundId, merchantTradeId, amountCents };
  if (!done) return { ...request, outcome: { state: "pending" } };
  const { state, cause } = done;
  const isDone = state === "succeeded";
  return { ...request, outcome: isDone ? { state } : { state: "failed", cause: String(cause) } };
}

/**
 * Refunds a part of a payment. Idempotent by the merchant's refund id, failures included: a delayed
 * repetition must not move money after a failure was answered. Throws IdReused for other contents
 * under the same id. Returns undefined if the payment does not exist.
 */
export function refund(
  sql: Sql,
  request: RefundRequest,
  rule: { refuse: boolean; pend: boolean; nowMs: number },
): RefundOutcome | undefined {
  const { merchantRefundId, merchantTradeId, amountCents } = request;
  const known = refundOf(sql, merchantRefundId);
  if (known) {
    const isSame = known.merchantTradeId === merchantTradeId && known.amountCents === amountCents;
    if (!isSame) throw new IdReused();
    return known.outcome;
  }
  if (!paymentOf(sql, merchantTradeId)) return undefined;
  if (!rule.pend) return carryOut(sql, request, rule);
  sql.run("insert into pending_refunds values (?, ?, ?)", [
    merchantRefundId,
    merchantTradeId,
    amountCents,
  ]);
  return { state: "pending" };
}

/**
 * Decides a pending refund, or takes the success of one back. Returns the refund as it is then, also
 * if it was so before; undefined if there is none that can become so.
 */
export function decide(
  sql: Sql,
  merchantRefundId: string,
  decision: { refuse: boolean; nowMs: number },
): Refund | undefined {
  const known = refundOf(sql, merchantRefundId);
  if (known?.outcome.state === "pending") {
    sql.run("delete from pending_refunds where merchant_refund_id = ?", [merchantRefundId]);
    return { ...known, outcome: carryOut(sql, known, decision) };
  }
  if (known?.outcome.state === (decision.refuse ? "failed" : "succeeded")) return known;
  if (known?.outcome.state !== "succeeded") return undefined;
  const cause = "returned by the bank";
  sql.run("update refunds set state = 'failed', cause = ? where merchant_refund_id = ?", [
    cause,
    merchantRefundId,
  ]);
  addRefunded(sql, known.merchantTradeId, -known.amountCents);
  return { ...known, outcome: { state: "failed", cause } };
}

function carryOut(
  sql: Sql,
  { merchantRefundId, merchantTradeId, amountCents }: RefundRequest,
  rule: { refuse: boolean; nowMs: number },
): RefundOutcome {
  const payment = paymentOf(sql, merchantTradeId);
  const cause = rule.refuse || !payment ? "refused" : failureOf(payment, amountCents);
  sql.run("insert into refunds values (?, ?, ?, ?, ?, ?)", [
    merchantRefundId,
    merchantTradeId,
    amountCents,
    cause === undefined ? "succeeded" : "failed",
    cause ?? null,
    rule.nowMs,
  ]);
  if (cause !== undefined) return { state: "failed", cause };
  addRefunded(sql, merchantTradeId, amountCents);
  return { state: "succeeded" };
}

function addRefunded(sql: Sql, merchantTradeId: string, amountCents: bigint): void {
  sql.run("update payments set refunded_cents = refunded_cents + ? where merchant_trade_id = ?", [
    amountCents,
    merchantTradeId,
  ]);
}

function failureOf(payment: Payment, amountCents: bigint): string | undefined {
  if (payment.state !== "paid") return "not paid";
  const leftCents = payment.amountCents - payment.refundedCents;
  return amountCents > leftCents ? "more than is left" : undefined;
}
