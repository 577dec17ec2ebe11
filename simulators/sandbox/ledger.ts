import { randomBytes } from "node:crypto";
import type { Row, Sql } from "./store.ts";

export type PaymentState = "open" | "paid" | "closed";

export type Payment = {
  tradeId: string;
  merchantTradeId: string;
  amountCents: bigint;
  currency: string;
  notifyUrl: string;
  returnUrl: string;
  state: PaymentState;
  payMs: number | undefined;
  refundedCents: bigint;
};

export type OpenRequest = Pick<
  Payment,
  "merchantTradeId" | "amountCents" | "currency" | "notifyUrl" | "returnUrl"
>;

export type RefundRequest = {
  merchantRefundId: string;
  merchantTradeId: string;
  amountCents: bigint;
};

export type RefundOutcome = { state: "succeeded" } | { state: "failed"; cause: string };

/** The same key was used before with other contents. */
export class KeyReused extends Error {}

type Reader = Pick<Sql, "get">;

export function paymentOf(sql: Reader, merchantTradeId: string): Payment | undefined {
  const row = sql.get("select * from payments where merchant_trade_id = ?", [merchantTradeId]);
  return row && payment(row);
}

export function paymentOfTrade(sql: Reader, tradeId: string): Payment | undefined {
  const row = sql.get("select * from payments where trade_id = ?", [tradeId]);
  return row && payment(row);
}

/**
 * Idempotent by the merchant's id: the first one's addresses stay. Another amount or currency under the same id throws
 * KeyReused.
 */
export function openPayment(sql: Sql, request: OpenRequest, nowMs: number): Payment {
  const { merchantTradeId, amountCents, currency, notifyUrl, returnUrl } = request;
  const known = paymentOf(sql, merchantTradeId);
  if (known) {
    if (known.amountCents !== amountCents || known.currency !== currency) throw new KeyReused();
    return known;
  }
  // Whoever knows it may pay, so it cannot be guessed.
  const tradeId = `sb${randomBytes(16).toString("hex")}`;
  sql.run(
    `insert into payments
       (trade_id, merchant_trade_id, amount_cents, currency, notify_url, return_url, state, create_ms)
     values (?, ?, ?, ?, ?, ?, 'open', ?)`,
    [tradeId, merchantTradeId, amountCents, currency, notifyUrl, returnUrl, nowMs],
  );
  return { ...request, tradeId, state: "open", payMs: undefined, refundedCents: 0n };
}

/** True where this call paid it: not for one that is closed, or paid already. */
export function payOpen(sql: Sql, tradeId: string, nowMs: number): boolean {
  const changed = sql.run(
    "update payments set state = 'paid', pay_ms = ? where trade_id = ? and state = 'open'",
    [nowMs, tradeId],
  );
  return changed === 1;
}

/** Closes it where it is open; the state that it is in now: a payment that came before wins. */
export function closePayment(
  sql: Sql,
  merchantTradeId: string,
  nowMs: number,
): PaymentState | undefined {
  sql.run(
    "update payments set state = 'closed', close_ms = ? where merchant_trade_id = ? and state = 'open'",
    [nowMs, merchantTradeId],
  );
  return paymentOf(sql, merchantTradeId)?.state;
}

/**
 * Idempotent by the merchant's refund id, a failure too: a request that was under way for long must not move money after
 * its failure was told. Other contents under the same id throw KeyReused. undefined: there is no such payment.
 */
export function refund(
  sql: Sql,
  request: RefundRequest,
  rule: { refuse: boolean; nowMs: number },
): RefundOutcome | undefined {
  const { merchantRefundId, merchantTradeId, amountCents } = request;
  const known = sql.get("select * from refunds where merchant_refund_id = ?", [merchantRefundId]);
  if (known) {
    const same = known.merchant_trade_id === merchantTradeId && known.amount_cents === amountCents;
    if (!same) throw new KeyReused();
    if (known.state === "succeeded") return { state: "succeeded" };
    return { state: "failed", cause: String(known.cause) };
  }
  const paid = paymentOf(sql, merchantTradeId);
  if (!paid) return undefined;
  const cause = rule.refuse ? "refused" : failureOf(paid, amountCents);
  const state = cause === undefined ? "succeeded" : "failed";
  sql.run("insert into refunds values (?, ?, ?, ?, ?, ?)", [
    merchantRefundId,
    merchantTradeId,
    amountCents,
    state,
    cause ?? null,
    rule.nowMs,
  ]);
  if (cause !== undefined) return { state: "failed", cause };
  sql.run("update payments set refunded_cents = refunded_cents + ? where merchant_trade_id = ?", [
    amountCents,
    merchantTradeId,
  ]);
  return { state: "succeeded" };
}

function failureOf(paid: Payment, amountCents: bigint): string | undefined {
  if (paid.state !== "paid") return "not paid";
  return amountCents > paid.amountCents - paid.refundedCents ? "more than is left" : undefined;
}

export function payment(row: Row): Payment {
  return {
    tradeId: String(row.trade_id),
    merchantTradeId: String(row.merchant_trade_id),
    amountCents: row.amount_cents as bigint,
    currency: String(row.currency),
    notifyUrl: String(row.notify_url),
    returnUrl: String(row.return_url),
    state: row.state as PaymentState,
    payMs: row.pay_ms === null ? undefined : Number(row.pay_ms),
    refundedCents: row.refunded_cents as bigint,
  };
}
