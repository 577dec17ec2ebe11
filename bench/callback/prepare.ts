import assert from "node:assert/strict";
import pMap from "p-map";
import { sandboxControl } from "../../simulators/sandbox/client.ts";
import type { NoticeBody } from "../../simulators/sandbox/notices.ts";
import { MERCHANT } from "../../simulators/sandbox/signature.ts";
import { callers } from "../../testbed/calls/callers.ts";
import { placeRequest } from "../../testbed/orders/fixtures.ts";
import { type CatalogSize, shelvesOf, shopperIdsOf } from "../catalog.ts";
import type { RunningShop } from "../shop/shop.ts";

/** A callback that is ready to be sent: paid at the platform, of which the shop has not heard. */
type Prepared = { orderId: bigint; body: Uint8Array };

const ORDERS_IN_FLIGHT = 64;
const PAYMENTS_IN_FLIGHT = 16;
/** The platform's own callbacks come long after the measurement. */
const PLATFORM_WAITS_MS = 3_600_000;

/** Orders with a payment that is paid at the platform, which keeps it to itself from now on. */
export async function prepareCallbacks(
  shop: Pick<RunningShop, "addresses" | "sandboxUrl">,
  { size, count }: { size: CatalogSize; count: number },
): Promise<Prepared[]> {
  const sandbox = sandboxControl(shop.sandboxUrl);
  const { admin, close } = callers(shop.addresses);
  try {
    await sandbox.faults({ delay_ms: PLATFORM_WAITS_MS });
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
    const bodies = await platformNotices(sandbox);
    return paid.map(({ orderId, paymentId }) => {
      const body = bodies.get(String(paymentId));
      assert.ok(body, `the platform has no notice of payment ${paymentId}`);
      return { orderId, body };
    });
  } finally {
    close();
  }
}

/** Lets the platform send its callbacks again as a platform does. */
export function letPlatformCall({ sandboxUrl }: Pick<RunningShop, "sandboxUrl">): Promise<void> {
  return sandboxControl(sandboxUrl).faults();
}

/** The bytes that the platform would send, by payment. */
async function platformNotices(
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
