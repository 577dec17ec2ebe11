// The objects of the API as JSON, with the fields that a shop of one currency meets.

import type { Movement } from "../base/movements.ts";
import type { Refund } from "../base/refunds.ts";
import type { Trade } from "../base/trades.ts";
import { namedTexts } from "./params.ts";

/** The version of the API whose shapes these are; events carry it. */
export const API_VERSION = "2026-10-28.endive";

export type Dispute = {
  id: string;
  trade: string;
  amount: bigint;
  state: "needs_response" | "under_review" | "won" | "lost";
  createMs: number;
};

const seconds = (ms: number) => Math.floor(ms / 1_000);

/** The ids of a payment's other objects follow from its PaymentIntent's. */
export function chargeId(trade: Trade): string {
  return String(trade.providerId).replace("pi_", "ch_");
}

export function sessionJson(trade: Trade, { url }: { url: string | null }) {
  const { fields, amount } = trade;
  return {
    id: trade.number,
    object: "checkout.session",
    adaptive_pricing: { enabled: fields["adaptive_pricing[enabled]"] === true },
    amount_subtotal: Number(amount),
    amount_total: Number(amount),
    cancel_url: fields.cancel_url ?? null,
    client_reference_id: fields.client_reference_id ?? null,
    created: seconds(trade.createMs),
    currency: trade.currency,
    customer: null,
    customer_email: fields.customer_email ?? null,
    expires_at: seconds(trade.expireMs),
    livemode: false,
    locale: fields.locale ?? null,
    metadata: namedTexts(fields, "metadata"),
    mode: "payment",
    payment_intent: trade.providerId ?? null,
    payment_method_types: ["card"],
    payment_status: trade.payMs === undefined ? "unpaid" : "paid",
    status: sessionStatus(trade),
    success_url: fields.success_url ?? null,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: "hosted_page",
    url,
  };
}

function sessionStatus({ state }: Trade): "open" | "complete" | "expired" {
  if (state === "open") return "open";
  return state === "closed" ? "expired" : "complete";
}

export function paymentIntentJson(trade: Trade) {
  const paid = trade.payMs !== undefined;
  const status =
    trade.state === "failed" ? "requires_payment_method" : paid ? "succeeded" : "processing";
  return {
    id: trade.providerId,
    object: "payment_intent",
    amount: Number(trade.amount),
    amount_received: paid ? Number(trade.amount) : 0,
    currency: trade.currency,
    created: seconds(trade.createMs),
    description: trade.fields["payment_intent_data[description]"] ?? null,
    latest_charge: chargeId(trade) as string | object,
    livemode: false,
    metadata: namedTexts(trade.fields, "payment_intent_data[metadata]"),
    status,
  };
}

export function chargeJson(trade: Trade, { disputed }: { disputed: boolean }) {
  const paid = trade.payMs !== undefined;
  return {
    id: chargeId(trade),
    object: "charge",
    amount: Number(trade.amount),
    amount_captured: paid ? Number(trade.amount) : 0,
    amount_refunded: Number(trade.refunded),
    captured: paid,
    created: seconds(trade.payMs ?? trade.createMs),
    currency: trade.currency,
    disputed,
    livemode: false,
    metadata: namedTexts(trade.fields, "payment_intent_data[metadata]"),
    paid,
    payment_intent: trade.providerId,
    refunded: trade.refunded === trade.amount,
    status: trade.state === "failed" ? "failed" : paid ? "succeeded" : "pending",
  };
}

export function refundJson(refund: Refund, trade: Trade) {
  return {
    id: refund.number,
    object: "refund",
    amount: Number(refund.amount),
    charge: chargeId(trade),
    created: seconds(refund.createMs),
    currency: trade.currency,
    failure_reason: refund.state === "failed" ? "expired_or_canceled_card" : undefined,
    metadata: namedTexts(refund.fields, "metadata"),
    payment_intent: trade.providerId as string | object | undefined,
    pending_reason: refund.state === "pending" ? "processing" : undefined,
    reason: refund.fields.reason ?? null,
    status: refund.state,
  };
}

export function disputeJson(dispute: Dispute, trade: Trade, movements: Movement[]) {
  return {
    id: dispute.id,
    object: "dispute",
    amount: Number(dispute.amount),
    balance_transactions: movements.map(balanceJson),
    charge: chargeId(trade),
    created: seconds(dispute.createMs),
    currency: trade.currency,
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    payment_intent: trade.providerId,
    reason: "fraudulent",
    status: dispute.state,
  };
}

/** How Stripe names each movement. */
const BALANCE_TYPES: Record<Movement["type"], { type: string; category: string }> = {
  charge: { type: "charge", category: "charge" },
  refund: { type: "refund", category: "refund" },
  refund_failure: { type: "refund_failure", category: "refund_failure" },
  dispute: { type: "adjustment", category: "dispute" },
  dispute_reversal: { type: "adjustment", category: "dispute_reversal" },
};

const TWO_DAYS_S = 172_800;

export function balanceJson(movement: Movement) {
  const { type, category } = BALANCE_TYPES[movement.type];
  const fee = Number(movement.fee);
  return {
    id: movement.id,
    object: "balance_transaction",
    amount: Number(movement.amount),
    available_on: seconds(movement.atMs) + TWO_DAYS_S,
    created: seconds(movement.atMs),
    currency: movement.currency,
    description: null,
    exchange_rate: null,
    fee,
    fee_details:
      fee === 0
        ? []
        : [{ amount: fee, currency: movement.currency, description: "fees", type: "stripe_fee" }],
    net: Number(movement.amount) - fee,
    reporting_category: category,
    source: movement.source,
    status: "pending",
    type,
  };
}
