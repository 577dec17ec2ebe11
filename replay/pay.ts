import pMap from "p-map";
import { PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { retry } from "../ops/command/retry.ts";
import type { ShopClients } from "../ops/command/shop-clients.ts";
import { addCount, type Counts, reasonOf } from "./place.ts";
import type { ProgressBar } from "./progress.ts";
import { isRefusal, type PayingProvider } from "./provider.ts";
import { untilEach } from "./settle.ts";

export type Paid = {
  /** Paid at the provider. */
  payments: number;
  /** Orders that could not be paid, by reason. */
  refusals: Counts;
  /** Calls that were retried. */
  repeated: number;
  /** From the first CreatePayment to the last payment at the provider. */
  seconds: number;
  /** Until the shop knows the last order as paid. */
  settledSeconds: number;
  /** Orders that are paid at the provider but not in the shop. */
  missing: number;
  /** By the index of the day's orders; undefined where the order was not paid. */
  paymentIds: (bigint | undefined)[];
};

/** An origin that the shop allows by default. */
const RETURN_URL = "http://127.0.0.1/replay";

const PAID = new Set<PayStatus>([
  PayStatus.PAID,
  PayStatus.REFUNDING,
  PayStatus.PARTIALLY_REFUNDED,
  PayStatus.REFUNDED,
]);

type Paying = {
  shop: ShopClients;
  provider: PayingProvider;
  /** By the index of the day's orders. */
  orderIds: readonly (bigint | undefined)[];
  inFlight: number;
};

/** Creates a payment for each placed order and pays it at the provider. */
export async function payOrders(
  { shop, provider, orderIds, inFlight }: Paying,
  bar: ProgressBar,
): Promise<Paid> {
  const paid: Paid = {
    payments: 0,
    refusals: {},
    repeated: 0,
    seconds: 0,
    settledSeconds: 0,
    missing: 0,
    paymentIds: orderIds.map(() => undefined),
  };
  const onRetry = () => {
    paid.repeated += 1;
  };
  const pay = async (orderId: bigint | undefined, index: number) => {
    if (orderId === undefined) return;
    const request = { orderId, provider: provider.name, returnUrl: RETURN_URL };
    try {
      const { payment } = await retry(() => shop.pay.createPayment(request), onRetry);
      if (!payment) throw new Error(`order ${orderId} got no payment`);
      await retry(() => provider.pay(payment), onRetry);
      paid.paymentIds[index] = payment.paymentId;
      paid.payments += 1;
    } catch (error) {
      addCount(paid.refusals, isRefusal(error) ? "REFUSED_BY_PROVIDER" : reasonOf(error));
    }
    bar.step();
  };
  const begin = performance.now();
  await pMap(orderIds, pay, { concurrency: inFlight });
  paid.seconds = (performance.now() - begin) / 1_000;
  paid.settledSeconds = paid.seconds;
  return paid;
}

/** Waits until the shop knows all payments. */
export async function untilPaid(
  { shop, orderIds }: Pick<Paying, "shop" | "orderIds">,
  paid: Paid,
  bar: ProgressBar,
): Promise<void> {
  const begin = performance.now();
  const expected = orderIds.filter((_, index) => paid.paymentIds[index] !== undefined);
  paid.missing = await untilEach(expected, {
    bar,
    isDone: async (orderId = 0n) => {
      const { order } = await retry(() => shop.order.getOrder({ orderId }));
      return PAID.has(order?.payStatus ?? PayStatus.UNSPECIFIED);
    },
  });
  paid.settledSeconds = paid.seconds + (performance.now() - begin) / 1_000;
}
