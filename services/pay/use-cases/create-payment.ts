import type { Transaction } from "#platform/db/database.ts";
import { Checks } from "#platform/values/checks.ts";
import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import { checkPayable, notPayable, type PayableOrder } from "../domain/payable.ts";
import { LOG_TYPE, PAYMENT_STATUS } from "../domain/payment.ts";
import { isCaptured } from "../domain/payment-state.ts";
import { allowedReturnUrl } from "../domain/return-url.ts";
import { MAX_RETURN_URL } from "../limits.ts";
import type { PaymentPlatform } from "../providers/provider.ts";
import type { PaymentRow } from "../store/entities.ts";
import { lockPayable } from "../store/payable-orders.ts";
import { insertLog } from "../store/payment-log.ts";
import {
  insertPayment,
  type LockedPayment,
  lockPayment,
  lockPaymentsOf,
  writeCheckout,
} from "../store/payments.ts";
import { findPayment } from "../store/read-payments.ts";
import type { Asking, Parts } from "./parts.ts";
import { checkProvider, platformNamed } from "./steps/platforms.ts";
import { type Settled, settlePayment } from "./steps/settle-payment.ts";

type Starting = { order: PayableOrder; platform: PaymentPlatform; returnUrl: string };

/** A payment that was closed at the platform is followed by a new one; more than so many in one call is a fault. */
const MAX_STARTS = 3;

/**
 * Starts paying for an order, or goes on with the payment that is open. The row is written first; what is opened at the
 * platform is opened under its number, so that a repetition continues wherever the first call stopped.
 */
export async function createPayment(
  parts: Parts,
  command: { orderId: bigint; provider: string; returnUrl: string },
  asking: Asking,
): Promise<PaymentRow> {
  const { orderId } = command;
  const returnUrl = checkCommand(parts, command);
  const platform = platformNamed(parts, command.provider);
  const { deadlineMs, signal, traceparent } = asking;
  const order = await parts.orders.order(orderId, { deadlineMs, signal, traceparent });
  if (asking.ownerId !== undefined && order.userId !== asking.ownerId) {
    throw new Refusal(Reason.ORDER_NOT_FOUND, { order_id: String(orderId) });
  }
  for (let start = 1; start <= MAX_STARTS; start += 1) {
    const { payment, isNew } = await parts.database.transact("create-payment", (tx) =>
      startPayment(tx, parts, { order, platform, returnUrl }),
    );
    const closed = !isNew && (await settleAgain(parts, payment)) === "closed";
    if (!closed) {
      if (payment.checkoutUrl === "") await openPayment(parts, { order, platform, payment });
      return readBack(parts, payment.paymentId);
    }
  }
  throw new Outage(`the platform closes every payment of order ${orderId}`);
}

function checkCommand(
  { rules }: Parts,
  { orderId, provider, returnUrl }: { orderId: bigint; provider: string; returnUrl: string },
): string {
  const checks = new Checks();
  checks.identifier("order_id", orderId);
  checkProvider(checks, provider);
  checks.text("return_url", returnUrl, { min: 1, max: MAX_RETURN_URL });
  const allowed = allowedReturnUrl(returnUrl, rules.returnOrigins);
  if (!checks.failed && allowed === undefined) {
    checks.violation("return_url", "must be on an origin that the shop allows");
  }
  checks.throwIfAny();
  return allowed ?? "";
}

async function startPayment(
  tx: Transaction,
  parts: Parts,
  { order, platform, returnUrl }: Starting,
): Promise<{ payment: LockedPayment; isNew: boolean }> {
  const { orderId, userId, payAmountCents: amountCents } = order;
  const { currency, queryAfterMs } = parts.rules;
  const { closed, now } = await lockPayable(tx, orderId);
  const payments = await lockPaymentsOf(tx, [orderId]);
  // The order may not have heard of it yet.
  if (payments.some(({ status }) => isCaptured(status))) {
    throw new Refusal(Reason.ORDER_ALREADY_PAID, { order_id: String(orderId) });
  }
  checkPayable(order, now);
  if (closed) throw notPayable(order, "payments_closed");
  const open = payments.find(
    ({ status, provider }) => status === PAYMENT_STATUS.OPEN && provider === platform.name,
  );
  if (open) return { payment: open, isNew: false };
  const paymentId = parts.identifiers.next();
  const fields = { paymentId, orderId, userId, provider: platform.name, amountCents, currency };
  await insertPayment(tx, { ...fields, returnUrl, checkAfterMs: queryAfterMs });
  const detail = `${amountCents} cents ${currency} through ${platform.name}`;
  const logId = parts.identifiers.next();
  await insertLog(tx, [{ logId, paymentId, type: LOG_TYPE.CREATED, detail }]);
  const rest = { tradeId: null, checkoutUrl: "", refundRequestedCents: 0n, refundedCents: 0n };
  const payment = { ...fields, ...rest, returnUrl, status: PAYMENT_STATUS.OPEN };
  return { payment, isNew: true };
}

/** What the platform says meanwhile about a payment whose address was given out; silence changes nothing. */
async function settleAgain(parts: Parts, payment: LockedPayment): Promise<Settled> {
  if (payment.checkoutUrl === "") return "open";
  let settled: Settled;
  try {
    settled = await settlePayment(parts, payment, { closing: false });
  } catch (error) {
    if (error instanceof Outage) return "open";
    throw error;
  }
  if (settled !== "paid") return settled;
  throw new Refusal(Reason.ORDER_ALREADY_PAID, { order_id: String(payment.orderId) });
}

async function openPayment(
  parts: Parts,
  {
    order,
    platform,
    payment,
  }: { order: PayableOrder; platform: PaymentPlatform; payment: LockedPayment },
): Promise<void> {
  const { paymentId } = payment;
  const opened = await atPlatform(platform, () => platform.open(payment));
  const status = await parts.database.transact("store-checkout", async (tx) => {
    const current = await lockPayment(tx, paymentId);
    if (!current) throw new Error(`payment ${paymentId} is gone`);
    const isOther = current.tradeId !== null && current.tradeId !== opened.tradeId;
    if (isOther) throw new Error(`payment ${paymentId} has two trade ids`);
    await writeCheckout(tx, { paymentId, ...opened });
    return current.status;
  });
  if (status !== PAYMENT_STATUS.CLOSED) return;
  // Given up while it was being opened.
  await platform.close(paymentId).catch((error: unknown) => {
    if (!(error instanceof Outage)) throw error;
  });
  throw notPayable(order, "payments_closed");
}

async function atPlatform<T>(platform: PaymentPlatform, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Outage)) throw error;
    throw new Refusal(Reason.PROVIDER_UNAVAILABLE, { provider: platform.name });
  }
}

async function readBack({ database }: Parts, paymentId: bigint): Promise<PaymentRow> {
  const payment = await findPayment(database, { paymentId });
  if (!payment) throw new Error(`payment ${paymentId} is gone`);
  return payment;
}
