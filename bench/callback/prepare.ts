import assert from "node:assert/strict";
import pMap from "p-map";
import { sandboxControl } from "../../simulators/sandbox/client.ts";
import type { NoticeBody } from "../../simulators/sandbox/notices.ts";
import { MERCHANT } from "../../simulators/sandbox/signature.ts";
import { callers } from "../../testbed/calls/callers.ts";
import { placeRequest } from "../../testbed/orders/fixtures.ts";
import { type CatalogSize, shelvesOf, shopperIdsOf } from "../catalog.ts";
import type { RunningShop } from "../shop/shop.ts";

/**
 * A callback that is ready to be sent, of a payment that is paid at the provider and still open in
 * the shop.
 */
type Prepared = { orderId: bigint; body: Uint8Array };

const ORDERS_IN_FLIGHT = 64;
const PAYMENTS_IN_FLIGHT = 16;
/** Delays the provider's own callbacks until long after the measurement. */
const CALLBACK_DELAY_MS = 3_600_000;

/**
 * Makes orders with a payment that is paid at the provider, which sends no callbacks from now on.
 */
export async function prepareCallbacks(
  shop: Pick<RunningShop, "addresses" | "sandboxUrl">,
  { size, count }: { size: CatalogSize; count: number },
): Promise<Prepared[]> {
  const sandbox = sandboxControl(shop.sandboxUrl);
  const { admin, close } = callers(shop.addresses);
  try {
    await sandbox.faults({ delay_ms: CALLBACK_DELAY_MS });
    const { hot } = shelvesOf(size);
    const userIds = shopperIdsOf(size);
    const orderIds: bigint[] = [];
    const places = Array.from({ length: count }, (_, place) => place);
    await pMap(
      places,
      async (place) => {
        const userId = userIds[place % userIds.length] ?? 0n;
        const request = placeRequest({ userId, lines: [[hot, 1n]] });
        const { order } = await admin.order.placeOrder(request);
        orderIds[place] = order?.orderId ?? 0n;
      },
      { concurrency: ORDERS_IN_FLIGHT },
    );
    const paid: { orderId: bigint; paymentId: bigint }[] = [];
    await pMap(
      orderIds,
      async (orderId, place) => {
        const returnUrl = "http://localhost/thanks";
        const asked = { orderId, provider: "sandbox", returnUrl };
        const { payment } = await admin.pay.createPayment(asked);
        const paymentId = payment?.paymentId ?? 0n;
        await sandbox.pay(paymentId);
        paid[place] = { orderId, paymentId };
      },
      { concurrency: PAYMENTS_IN_FLIGHT },
    );
    const bodies = await providerNotices(sandbox);
    return paid.map(({ orderId, paymentId }) => {
      const body = bodies.get(String(paymentId));
      assert.ok(body, `the provider has no notice of payment ${paymentId}`);
      return { orderId, body };
    });
  } finally {
    close();
  }
}

/** Makes the provider send its callbacks normally again. */
export function resumeCallbacks({ sandboxUrl }: Pick<RunningShop, "sandboxUrl">): Promise<void> {
  return sandboxControl(sandboxUrl).faults();
}

/** The callback bodies of the provider, by payment. */
async function providerNotices(
  sandbox: ReturnType<typeof sandboxControl>,
): Promise<Map<string, Uint8Array>> {
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
