import assert from "node:assert/strict";
import { forEachInFlight } from "../../ops/replay/in-flight.ts";
import type { NoticeBody } from "../../ops/sandbox/notices.ts";
import { MERCHANT } from "../../ops/sandbox/signature.ts";
import { insertUsers, newGoods, placeRequest } from "../../test/support/fixtures.ts";
import type { Shop } from "../../test/support/shop.ts";

/** A callback that is ready to be sent: paid at the platform, of which the shop has not heard. */
export type Prepared = { orderId: bigint; body: Uint8Array };

const USERS = 200;
const ORDERS_IN_FLIGHT = 64;
const PAYMENTS_IN_FLIGHT = 16;
/** The platform's own callbacks come long after the measurement. */
const PLATFORM_WAITS_MS = 3_600_000;

/** Orders with a payment that is paid at the platform. */
export async function prepareCallbacks(shop: Shop, count: number): Promise<Prepared[]> {
  await shop.sandbox.faults({ delay_ms: PLATFORM_WAITS_MS });
  const goods = await newGoods(shop, { unitPriceCents: 1_250n, stock: BigInt(count) });
  const userIds = await insertUsers(shop, USERS);
  const orders: { orderId: bigint; paymentId: bigint }[] = [];
  const places = Array.from({ length: count }, (_, place) => place);
  const orderIds: bigint[] = [];
  await forEachInFlight(places, ORDERS_IN_FLIGHT, async (place) => {
    const userId = userIds[place % USERS] ?? 0n;
    const request = placeRequest({ userId, lines: [[goods, 1n]] });
    const { order } = await shop.admin.order.placeOrder(request);
    orderIds[place] = order?.orderId ?? 0n;
  });
  await forEachInFlight(orderIds, PAYMENTS_IN_FLIGHT, async (orderId, place) => {
    const { payment } = await shop.admin.pay.createPayment({
      orderId,
      provider: "sandbox",
      returnUrl: "http://localhost/thanks",
    });
    const paymentId = payment?.paymentId ?? 0n;
    await shop.sandbox.pay(paymentId);
    orders[place] = { orderId, paymentId };
  });
  const bodies = await platformNotices(shop);
  return orders.map(({ orderId, paymentId }) => {
    const body = bodies.get(String(paymentId));
    assert.ok(body, `the platform has no notice of payment ${paymentId}`);
    return { orderId, body };
  });
}

/** The bytes that the platform would send, by payment. */
async function platformNotices({ sandbox }: Shop): Promise<Map<string, Uint8Array>> {
  const { payments, notices } = await sandbox.state();
  const byPayment = new Map(payments.map((payment) => [payment.paymentId, payment]));
  return new Map(
    notices.map(({ noticeId, paymentId }) => {
      const payment = byPayment.get(paymentId);
      assert.ok(payment?.payTime);
      const body: NoticeBody = {
        notice_id: noticeId,
        type: "payment.succeeded",
        merchant_id: MERCHANT,
        merchant_trade_id: paymentId,
        trade_id: payment.tradeId,
        amount_cents: String(payment.amountCents),
        currency: payment.currency,
        pay_time: payment.payTime.toISOString(),
      };
      return [paymentId, Buffer.from(JSON.stringify(body))];
    }),
  );
}
