import assert from "node:assert/strict";
import type { Order } from "#proto/shop/order/v1/order_pb.ts";
import type { Payment } from "#proto/shop/pay/v1/pay_pb.ts";
import { DEVELOPMENT_SANDBOX_SECRET } from "../../../simulators/sandbox/config.ts";
import { signedHeaders } from "../../../simulators/sandbox/signature.ts";
import { eventually } from "../../../testbed/eventually.ts";
import type { NoticeFields } from "../../../testbed/orders/notices.ts";
import { newShopper, type Shopper } from "../../../testbed/orders/shoppers.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

export { type NoticeFields, noticeOf } from "../../../testbed/orders/notices.ts";

export const RETURN_URL = "http://localhost:3000/thanks";

export type Unpaid = { shopper: Shopper; order: Order };
type Opened = Unpaid & { payment: Payment };

/** What the pay service's rows say about a payment. */
type Rows = {
  status: number;
  /** Number of pay.v1.succeeded events. */
  succeeded: number;
  /** Types of the log entries, oldest first. */
  log: number[];
  callbacks: { verdict: number; cause: string; repeats: number }[];
};

/**
 * Starts a shop with gateway and sandbox. It queries no open payment, unless `pay` sets the
 * interval.
 */
export function startPayShop(pay: { [name: string]: string } = {}): Promise<Shop> {
  const env = { SHOP_PAYMENT_QUERY_MS: "600000", SHOP_REFUND_RETRY_MS: "100", ...pay };
  return startShop({ sandbox: true, gateway: true, envOf: { pay: env } });
}

export async function unpaidOrder(shop: Shop): Promise<Unpaid> {
  const shopper = await newShopper(shop);
  const { order } = await shopper.as.order.placeOrder(shopper.request());
  assert.ok(order);
  return { shopper, order };
}

export async function createPayment({ shopper, order }: Unpaid): Promise<Payment> {
  const { payment } = await shopper.as.pay.createPayment({
    orderId: order.orderId,
    provider: "sandbox",
    returnUrl: RETURN_URL,
  });
  assert.ok(payment);
  return payment;
}

export async function openPayment(shop: Shop): Promise<Opened> {
  const unpaid = await unpaidOrder(shop);
  return { ...unpaid, payment: await createPayment(unpaid) };
}

export async function paymentNow(shop: Shop, paymentId: bigint): Promise<Payment> {
  const { payment } = await shop.admin.pay.getPayment({ paymentId });
  assert.ok(payment);
  return payment;
}

/** Resolves to the payment once it has this status. */
export function whenPayment(shop: Shop, paymentId: bigint, status: number): Promise<Payment> {
  return eventually(async () => {
    const payment = await paymentNow(shop, paymentId);
    assert.equal(payment.status, status);
    return payment;
  });
}

type Sent = { status: number; text: string };

/** Sends a callback to the gateway, signed as the sandbox would have signed it `ageMs` ago. */
export async function callBack(
  shop: Pick<Shop, "gatewayUrl">,
  notice: NoticeFields | string,
  options: { ageMs?: number; secret?: string; headers?: { [name: string]: string } } = {},
): Promise<Sent> {
  const { ageMs = 0, secret = DEVELOPMENT_SANDBOX_SECRET } = options;
  const body = typeof notice === "string" ? notice : JSON.stringify(notice);
  const headers = options.headers ?? signedHeaders(secret, body, Date.now() - ageMs);
  const response = await fetch(`${shop.gatewayUrl}/pay/callback/sandbox`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  return { status: response.status, text: await response.text() };
}

/**
 * Repeats a callback, as providers do, until it is answered with 200 or the pay service has died.
 * The gateway reconnects with growing pauses, so it answers 503 for a while after pay is back.
 */
export function callBackUntilTaken(shop: Shop, notice: NoticeFields): Promise<void> {
  return eventually(async () => {
    const { status } = await callBack(shop, notice);
    if (shop.pid("pay") !== undefined) assert.equal(status, 200);
  });
}

/** Reads the rows of a payment. */
export async function rowsOf(shop: Shop, paymentId: bigint): Promise<Rows> {
  const [[payment], [events], log, callbacks] = await Promise.all([
    shop.sql("pay", "select status, order_id from payments where payment_id = ?", [paymentId]),
    shop.sql(
      "pay",
      `select count(*) as number from outbox where fact = 'pay.v1.succeeded'
       and order_id = (select order_id from payments where payment_id = ?)`,
      [paymentId],
    ),
    shop.sql("pay", "select type from payment_log where payment_id = ? order by log_time, log_id", [
      paymentId,
    ]),
    shop.sql<Rows["callbacks"][number]>(
      "pay",
      "select verdict, cause, repeats from callbacks where payment_id = ? order by callback_id",
      [paymentId],
    ),
  ]);
  return {
    status: Number(payment?.status),
    succeeded: Number(events?.number),
    log: log.map(({ type }) => Number(type)),
    callbacks: callbacks.map((row) => ({ ...row })),
  };
}

/** The payment and its refunds as the sandbox knows them. */
export async function atProvider({ sandbox }: Pick<Shop, "sandbox">, id: bigint) {
  const { payments, refunds } = await sandbox.state();
  const isOfPayment = (one: { paymentId: string }) => one.paymentId === String(id);
  return { payment: payments.find(isOfPayment), refunds: refunds.filter(isOfPayment) };
}

/** Closes the payment at the sandbox, without the shop. */
export async function closeAtProvider(shop: Pick<Shop, "sandbox">, id: bigint): Promise<void> {
  const body = "{}";
  const response = await fetch(`${shop.sandbox.url}/v1/payments/${id}/close`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...signedHeaders(DEVELOPMENT_SANDBOX_SECRET, body, Date.now()),
    },
    body,
  });
  assert.equal(response.status, 200);
}
