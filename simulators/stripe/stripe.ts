import type { Parts } from "../base/face.ts";
import type { Faults } from "../base/faults.ts";
import { movementOfRow } from "../base/movements.ts";
import type { Refund } from "../base/refunds.ts";
import type { Sql } from "../base/store.ts";
import { type Trade, tradeOf } from "../base/trades.ts";
import type { Account } from "./account.ts";
import { missing } from "./errors.ts";
import { addEvent } from "./events.ts";
import {
  chargeJson,
  type Dispute,
  disputeJson,
  paymentIntentJson,
  refundJson,
  sessionJson,
} from "./objects.ts";

/** What every part of this face works with. */
export type Stripe = Parts & {
  account: Account;
  faults: { current: Faults };
  /** The webhook endpoint of the account; "" if there is none. */
  webhookUrl: { current: string };
};

type Reader = Pick<Sql, "get" | "all">;

export function sessionOf(sql: Reader, id: string): Trade {
  const trade = tradeOf(sql, "stripe", id);
  if (!trade) throw missing("checkout.session", id);
  return trade;
}

/** A session with what `expand` asks for. */
export function expandedSession(
  stripe: Stripe,
  sql: Reader,
  { trade, expand }: { trade: Trade; expand: Set<string> },
) {
  const url = trade.state === "open" ? `${stripe.origin()}/c/pay/${trade.token}` : null;
  const json = sessionJson(trade, { url });
  if (!expand.has("payment_intent") || trade.providerId === undefined) return json;
  const inner = new Set([...expand].map((path) => path.replace(/^payment_intent\./, "")));
  return { ...json, payment_intent: expandedIntent(sql, trade, inner) };
}

export function expandedIntent(sql: Reader, trade: Trade, expand: Set<string>) {
  const json = paymentIntentJson(trade);
  return expand.has("latest_charge") ? { ...json, latest_charge: fullCharge(sql, trade) } : json;
}

export function fullCharge(sql: Reader, trade: Trade) {
  return chargeJson(trade, { disputed: disputeOf(sql, trade.number) !== undefined });
}

/** A dispute with the movements of money so far. */
export function fullDispute(sql: Reader, dispute: Dispute, trade: Trade) {
  const rows = sql.all("select * from movements where source = ? order by seq", [dispute.id]);
  return disputeJson(dispute, trade, rows.map(movementOfRow));
}

export function disputeOf(sql: Reader, trade: string): Dispute | undefined {
  const row = sql.get("select * from disputes where face = 'stripe' and trade = ?", [trade]);
  return (
    row && {
      id: String(row.id),
      trade: String(row.trade),
      amount: row.amount as bigint,
      state: row.state as Dispute["state"],
      createMs: Number(row.create_ms),
    }
  );
}

/** Reports what happened to a payment, in the transaction in which it happens. */
function report(
  stripe: Stripe,
  sql: Sql,
  happening: { type: string; trade: Trade; object: object; refund?: string },
): void {
  addEvent(sql, {
    type: happening.type,
    object: happening.object,
    trade: happening.trade.number,
    refund: happening.refund,
    nowMs: stripe.clock.nowMs(),
    url: stripe.webhookUrl.current,
    delayMs: stripe.faults.current.delay_ms,
  });
}

export function reportSession(stripe: Stripe, sql: Sql, type: string, trade: Trade): void {
  const object = expandedSession(stripe, sql, { trade, expand: new Set() });
  report(stripe, sql, { type: `checkout.session.${type}`, trade, object });
}

export function reportRefund(
  stripe: Stripe,
  sql: Sql,
  { type, refund, trade }: { type: string; refund: Refund; trade: Trade },
): void {
  const object = refundJson(refund, trade);
  report(stripe, sql, { type: `refund.${type}`, trade, object, refund: refund.number });
}

export function reportDispute(
  stripe: Stripe,
  sql: Sql,
  { type, dispute, trade }: { type: string; dispute: Dispute; trade: Trade },
): void {
  const object = fullDispute(sql, dispute, trade);
  report(stripe, sql, { type: `charge.dispute.${type}`, trade, object });
}
