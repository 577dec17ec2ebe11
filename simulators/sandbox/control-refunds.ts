import { randomBytes } from "node:crypto";
import { type HttpAnswer, HttpProblem } from "#platform/http/answer.ts";
import { cents, json, unknownPayment } from "./api.ts";
import { type Payment, paymentOf } from "./ledger.ts";
import { noticeAbout } from "./notices.ts";
import { decide, refund } from "./refunds.ts";
import type { Sandbox } from "./sandbox.ts";

type Body = Record<string, unknown>;

const DISPUTE_STATES = ["opened", "funds_withdrawn", "funds_reinstated", "won", "lost", "updated"];

/**
 * Decides a pending refund, `state` "succeeded" or "failed", or takes the success of one back with
 * "failed". Sends the notice of it, again for a repeated command, and answers with the merchant's
 * answer.
 */
export async function decideRefund(
  sandbox: Sandbox,
  merchantRefundId: string,
  { state }: Body,
): Promise<HttpAnswer> {
  if (state !== "succeeded" && state !== "failed") {
    throw new HttpProblem(400, "state must be succeeded or failed");
  }
  const decision = { refuse: state === "failed", nowMs: Date.now() };
  const found = await sandbox.store.transact((sql) => decide(sql, merchantRefundId, decision));
  const payment = found && paymentOf(sandbox.store.read, found.merchantTradeId);
  if (!payment) throw new HttpProblem(409, "there is no such refund that can become so");
  const { outcome, amountCents } = found;
  return notify(sandbox, payment, {
    type: `refund.${outcome.state}`,
    refund_id: `sr-${merchantRefundId}`,
    merchant_refund_id: merchantRefundId,
    amount_cents: String(amountCents),
    ...("cause" in outcome && { cause: outcome.cause }),
  });
}

/** Refunds `amount_cents` without a request of the merchant, and sends the notice of it once. */
export async function refundAtConsole(
  sandbox: Sandbox,
  merchantTradeId: string,
  body: Body,
): Promise<HttpAnswer> {
  const payment = paymentOf(sandbox.store.read, merchantTradeId);
  if (!payment) return unknownPayment();
  const amountCents = cents(body);
  const refundId = `console-${randomBytes(8).toString("hex")}`;
  const request = { merchantRefundId: refundId, merchantTradeId, amountCents };
  const rule = { refuse: false, pend: false, nowMs: Date.now() };
  const outcome = await sandbox.store.transact((sql) => refund(sql, request, rule));
  return notify(sandbox, payment, {
    type: `refund.${outcome?.state}`,
    refund_id: refundId,
    amount_cents: String(amountCents),
  });
}

/** Sends a notice about the dispute `dispute_id` of a payment once. The sandbox keeps no disputes. */
export async function dispute(
  sandbox: Sandbox,
  merchantTradeId: string,
  body: Body,
): Promise<HttpAnswer> {
  const payment = paymentOf(sandbox.store.read, merchantTradeId);
  if (!payment) return unknownPayment();
  const { state, dispute_id: disputeId, fee_cents: feeCents = "0" } = body;
  const isKnown = typeof state === "string" && DISPUTE_STATES.includes(state);
  if (!isKnown) throw new HttpProblem(400, `state must be one of ${DISPUTE_STATES.join(", ")}`);
  return notify(sandbox, payment, {
    type: `dispute.${state}`,
    dispute_id: String(disputeId),
    amount_cents: String(cents(body)),
    fee_cents: String(feeCents),
  });
}

async function notify(
  { sender }: Sandbox,
  payment: Payment,
  fields: { type: string; [name: string]: string | undefined },
): Promise<HttpAnswer> {
  const { answer } = await sender.send(noticeAbout(payment, Date.now(), fields), "genuine");
  return json(200, { answer, ...fields });
}
