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

type OpenRequest = Pick<
  Payment,
  "merchantTradeId" | "amountCents" | "currency" | "notifyUrl" | "returnUrl"
>;

/** The merchant used this id before, with other contents. */
export class IdReused extends Error {}

export type Reader = Pick<Sql, "get">;

export function paymentOf(sql: Reader, merchantTradeId: string): Payment | undefined {
  const row = sql.get("select * from payments where merchant_trade_id = ?", [merchantTradeId]);
  return row && paymentOfRow(row);
}

export function paymentOfTrade(sql: Reader, tradeId: string): Payment | undefined {
  const row = sql.get("select * from payments where trade_id = ?", [tradeId]);
  return row && paymentOfRow(row);
}

/**
 * Opens a payment. Idempotent by the merchant's id; while it is open, newer addresses replace the
 * first ones. Throws IdReused for another amount or currency under the same id.
 */
export function openPayment(sql: Sql, request: OpenRequest, nowMs: number): Payment {
  const { merchantTradeId, amountCents, currency, notifyUrl, returnUrl } = request;
  const known = paymentOf(sql, merchantTradeId);
  if (known) {
    if (known.amountCents !== amountCents || known.currency !== currency) throw new IdReused();
    const isSame = known.notifyUrl === notifyUrl && known.returnUrl === returnUrl;
    if (isSame || known.state !== "open") return known;
    sql.run("update payments set notify_url = ?, return_url = ? where trade_id = ?", [
      notifyUrl,
      returnUrl,
      known.tradeId,
    ]);
    return { ...known, notifyUrl, returnUrl };
  }
  // It gives access to the checkout page, so it must not be guessable.
  const tradeId = `sb${randomBytes(16).toString("hex")}`;
  sql.run(
    `insert into payments
       (trade_id, merchant_trade_id, amount_cents, currency, notify_url, return_url, state, create_ms)
     values (?, ?, ?, ?, ?, ?, 'open', ?)`,
    [tradeId, merchantTradeId, amountCents, currency, notifyUrl, returnUrl, nowMs],
  );
  return { ...request, tradeId, state: "open", payMs: undefined, refundedCents: 0n };
}

/** Pays the payment if it is open. Returns whether it did. */
export function payOpen(sql: Sql, tradeId: string, nowMs: number): boolean {
  const changed = sql.run(
    "update payments set state = 'paid', pay_ms = ? where trade_id = ? and state = 'open'",
    [nowMs, tradeId],
  );
  return changed === 1;
}

/** Closes the payment if it is open. Returns its state afterwards: it may have been paid before. */
export function closePayment(
  sql: Sql,
  merchantTradeId: string,
  nowMs: number,
): PaymentState | undefined {
  sql.run(
    `update payments set state = 'closed', close_ms = ?
     where merchant_trade_id = ? and state = 'open'`,
    [nowMs, merchantTradeId],
  );
  return paymentOf(sql, merchantTradeId)?.state;
}

export function paymentOfRow(row: Row): Payment {
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
