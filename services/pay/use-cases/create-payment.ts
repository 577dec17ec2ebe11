import type { Transaction } from "#platform/db/database.ts";
import { Checks } from "#platform/values/checks.ts";
import { amountText } from "#platform/values/currencies.ts";
import { isOnOrigin } from "#platform/values/origins.ts";
import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import { checkPayable, notPayable, type PayableOrder } from "../domain/payable.ts";
import { LogType, PaymentStatus } from "../domain/payment.ts";
import { isCaptured } from "../domain/payment-transitions.ts";
import { parseReturnUrl } from "../domain/return-url.ts";
import { MAX_RETURN_URL } from "../limits.ts";
import type { PaymentProvider } from "../providers/provider.ts";
import { type LockedPayment, lockPaymentsOf } from "../store/lock-payments.ts";
import { lockPayable } from "../store/payable-orders.ts";
import { insertLog } from "../store/payment-log.ts";
import { findPayment, type Payment } from "../store/read-payments.ts";
import { actionOf } from "../store/stored-payment.ts";
import { insertPayment } from "../store/write-payments.ts";
import type { CallContext, Parts } from "./parts.ts";
import { checkProvider, findProvider } from "./steps/find-provider.ts";
import { openPayment } from "./steps/open-payment.ts";
import { type Settled, settlePayment } from "./steps/settle-payment.ts";

type Command = { orderId: bigint; provider: string; returnUrl: string };
type Starting = { order: PayableOrder; provider: PaymentProvider; returnUrl: URL | undefined };
type Started = { payment: LockedPayment; isNew: boolean };

/**
 * Payments started by one call: each one that was closed at the provider is followed by another.
 */
const MAX_STARTS = 3;

/**
 * Starts a payment for an order, or continues the open one at this provider. Idempotent by order
 * and provider while it is open: the row is written first and the provider knows the payment by its
 * id, so a repetition continues where the first call stopped. The payment keeps its amount and its
 * currency; its checkout leads back to the newest return URL. A return URL that the open payment
 * already has is not checked against the origins of today's settings.
 *
 * Refuses with INVALID_ARGUMENT, PROVIDER_NOT_FOUND, ORDER_NOT_FOUND (also for another user's
 * order), ORDER_ALREADY_PAID, ORDER_STATE_INVALID or PROVIDER_UNAVAILABLE.
 */
export async function createPayment(
  parts: Parts,
  command: Command,
  call: CallContext,
): Promise<Payment> {
  const { orderId } = command;
  const returnUrl = checkCommand(parts, command);
  const provider = findProvider(parts, command.provider);
  const { deadlineMs, signal, traceparent } = call;
  const order = await parts.orders.order(orderId, { deadlineMs, signal, traceparent });
  if (call.ownerId !== undefined && order.userId !== call.ownerId) {
    throw new Refusal(Reason.ORDER_NOT_FOUND, { order_id: String(orderId) });
  }
  for (let start = 1; start <= MAX_STARTS; start += 1) {
    const { payment, isNew } = await parts.database.transact("create-payment", (tx) =>
      startPayment(tx, parts, { order, provider, returnUrl }),
    );
    const isClosed = !isNew && (await settleOpened(parts, payment)) === "closed";
    if (!isClosed) {
      if (!isOpened(payment, returnUrl)) {
        const asked = { ...payment, returnUrl: hrefOf(returnUrl) };
        await openPayment(parts, { order, provider, payment: asked });
      }
      return readBack(parts, payment.paymentId);
    }
  }
  throw new Outage(
    `provider ${provider.name} has closed ${MAX_STARTS} payments of order ${orderId} in a row`,
  );
}

/**
 * Returns the parsed return URL, if the provider needs one or gets one. Its origin is checked once
 * it is known to be a new one.
 */
function checkCommand(
  { providers }: Pick<Parts, "providers">,
  { orderId, provider, returnUrl }: Command,
): URL | undefined {
  const isNeeded = providers.get(provider)?.checkout !== "qr";
  const checks = new Checks();
  checks.identifier("order_id", orderId);
  checkProvider(checks, provider);
  checks.text("return_url", returnUrl, { min: isNeeded ? 1 : 0, max: MAX_RETURN_URL });
  checks.throwIfAny();
  if (returnUrl === "") return undefined;
  const { url, fault } = parseReturnUrl(returnUrl, { max: MAX_RETURN_URL });
  if (url) return url;
  throw invalidReturnUrl(fault);
}

function unsupported(currency: string): Refusal {
  const description = `takes no payments in ${currency}, the currency of the order`;
  return new Refusal(Reason.INVALID_ARGUMENT, {}, [{ field: "provider", description }]);
}

function invalidReturnUrl(description: string): Refusal {
  return new Refusal(Reason.INVALID_ARGUMENT, {}, [{ field: "return_url", description }]);
}

const hrefOf = (url: URL | undefined) => url?.href ?? "";

/** Whether the shopper can go on with what the provider answered before. */
function isOpened(payment: LockedPayment, returnUrl: URL | undefined): boolean {
  const action = actionOf(payment);
  if (!action || payment.returnUrl !== hrefOf(returnUrl)) return false;
  return action.kind !== "qr" || action.expireTime.getTime() > Date.now();
}

async function startPayment(
  tx: Transaction,
  parts: Parts,
  { order, provider, returnUrl }: Starting,
): Promise<Started> {
  const { orderId, userId, payAmountCents: amountCents } = order;
  const { queryAfterMs, returnOrigins } = parts.rules;
  const { closed, now } = await lockPayable(tx, orderId);
  const payments = await lockPaymentsOf(tx, [orderId]);
  // The order service may not have received the event of the payment yet.
  if (payments.some(({ status }) => isCaptured(status))) {
    throw new Refusal(Reason.ORDER_ALREADY_PAID, { order_id: String(orderId) });
  }
  const expireTime = checkPayable(order, now);
  if (closed) throw notPayable(order, "payments_closed");
  const { name } = provider;
  const open = payments.find((one) => one.status === PaymentStatus.OPEN && one.provider === name);
  const isNewUrl = returnUrl && open?.returnUrl !== returnUrl.href;
  if (isNewUrl && !isOnOrigin(returnUrl, returnOrigins)) {
    throw invalidReturnUrl("must be on an origin that the shop allows");
  }
  if (open) return { payment: open, isNew: false };
  const currency = order.currency || parts.rules.currency;
  if (!provider.supports(currency)) throw unsupported(currency);
  const paymentId = parts.identifiers.next();
  const about = { paymentId, orderId, userId, provider: name };
  const times = { createTime: now, expireTime };
  const fields = { ...about, amountCents, currency, returnUrl: hrefOf(returnUrl), ...times };
  await insertPayment(tx, { ...fields, checkAfterMs: queryAfterMs });
  const detail = `${amountText(amountCents, currency)} through ${name}`;
  const logId = parts.identifiers.next();
  await insertLog(tx, [{ logId, paymentId, type: LogType.CREATED, detail }]);
  const unopened = { checkoutUrl: "", checkoutAction: null, providerReferences: null };
  const rest = { tradeId: null, ...unopened, refundRequestedCents: 0n, refundedCents: 0n };
  return { payment: { ...fields, ...rest, status: PaymentStatus.OPEN }, isNew: true };
}

/**
 * Asks the provider about a payment that a shopper may have used already. Without an answer the
 * payment counts as open.
 */
async function settleOpened(parts: Parts, payment: LockedPayment): Promise<Settled> {
  if (!actionOf(payment)) return "open";
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

async function readBack({ database }: Parts, paymentId: bigint): Promise<Payment> {
  const payment = await findPayment(database, { paymentId });
  if (!payment) throw new Error(`payment ${paymentId} has no row`);
  return payment;
}
