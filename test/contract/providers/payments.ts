import assert from "node:assert/strict";
import type { Notice, RawCallback } from "../../../services/pay/domain/notice.ts";
import type {
  CheckoutAction,
  Opening,
  PaymentProvider,
  RefundOutcome,
  RefundRequest,
  StoredPayment,
} from "../../../services/pay/providers/provider.ts";
import type { Contestant } from "./contestant.ts";

export const RETURN_URL = "http://127.0.0.1:9/thanks";
const HALF_HOUR_MS = 30 * 60_000;
/** Time that a simulator needs for a refund, besides what the provider wants between two. */
const SETTLE_MS = 2_000;
const MAX_STEPS = 20;

/** A payment as the shop stores it, and the action by which the shopper pays it. */
export type Opened = { payment: StoredPayment; action: CheckoutAction };

let lastId = BigInt(Date.now()) << 20n;

/** An id that no other test has. */
export function newId(): bigint {
  lastId += 1n;
  return lastId;
}

/** A payment that is not opened yet. */
export function newOpening(at: Contestant, changes: Partial<Opening> = {}): Opening {
  const now = new Date();
  return {
    paymentId: newId(),
    orderId: newId(),
    amountCents: 12_345n,
    currency: at.currency,
    tradeId: null,
    references: {},
    createTime: now,
    expireTime: new Date(now.getTime() + HALF_HOUR_MS),
    returnUrl: RETURN_URL,
    description: "Order 7: 2 × tea, 100 % & more",
    ...changes,
  };
}

export async function open(at: Contestant, opening: Opening = newOpening(at)): Promise<Opened> {
  const { action, references, tradeId } = await at.provider.open(opening);
  const payment = withFacts(opening, { references, tradeId });
  return { payment, action };
}

/** Opens a payment that is then paid, and reads its callback as the shop would. */
export async function openPaid(at: Contestant, opening?: Opening): Promise<Opened> {
  const opened = await open(at, opening);
  await at.pay(opened.payment, opened.action);
  const { payment } = await paidNotice(at, opened.payment);
  return { ...opened, payment };
}

/** The genuine notice that a payment was paid, and the payment with what the notice adds. */
export async function paidNotice(at: Contestant, payment: StoredPayment) {
  const callback = await at.nextCallback((one) => {
    const notice = noticeIn(at, one);
    return notice?.kind === "paid" && notice.paymentId === payment.paymentId;
  });
  const notice = noticeIn(at, callback);
  assert.ok(notice?.kind === "paid");
  return { callback, notice, payment: withFacts(payment, notice) };
}

/** The notice in a callback that the provider takes for genuine. */
export function noticeIn({ provider }: Contestant, callback: RawCallback): Notice | undefined {
  const read = provider.readCallback({ ...callback, nowMs: Date.now() });
  return read.genuine ? read.notice : undefined;
}

type Facts = { references?: StoredPayment["references"] | undefined; tradeId?: string | undefined };

/** The payment as the shop stores it once the provider has sent these facts. */
function withFacts(payment: StoredPayment, { references, tradeId }: Facts): StoredPayment {
  return {
    ...payment,
    references: { ...payment.references, ...references },
    tradeId: tradeId ?? payment.tradeId,
  };
}

export function refundRequest(payment: StoredPayment, amountCents: bigint): RefundRequest {
  return { refundId: newId(), attempt: 1, payment, amountCents, reference: null };
}

/**
 * Refunds as the shop does: the same number again until it is done, and queries while it is
 * pending. Between the steps time passes at the simulator.
 */
export async function refundUntilDone(
  at: Contestant,
  request: RefundRequest,
  repeat = (provider: PaymentProvider) => provider.refund(request),
): Promise<RefundOutcome> {
  let outcome = await repeat(at.provider);
  for (let step = 0; step < MAX_STEPS; step += 1) {
    if (outcome.state !== "again" && outcome.state !== "pending") return outcome;
    await at.advance(at.provider.refundRules.spacingMs + SETTLE_MS);
    const found =
      outcome.state === "pending"
        ? await at.provider.queryRefund(request)
        : { state: "unknown" as const };
    outcome = found.state === "unknown" ? await repeat(at.provider) : found;
  }
  throw new Error(`a refund is still ${outcome.state} after ${MAX_STEPS} steps`);
}
