import pMap from "p-map";
import { PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { type SandboxControl, SandboxRefusal } from "../simulators/sandbox/client.ts";
import { persistently, type Shop } from "../testbed/calls/administrator.ts";
import { reasonOf } from "./place.ts";
import type { ProgressBar } from "./progress.ts";
import { untilEach } from "./settle.ts";

export type Paid = {
  /** Paid at the platform. */
  payments: number;
  /** Orders that could not be paid, by reason. */
  refusals: Record<string, number>;
  /** Calls that had to be repeated. */
  repeated: number;
  /** From the first CreatePayment to the last payment at the platform. */
  seconds: number;
  /** To the last order that is paid. */
  settledSeconds: number;
  /** Paid at the platform, and not PAID here. */
  missing: number;
  /** By the index of the day's orders; undefined where it was not paid at the platform. */
  paymentIds: (bigint | undefined)[];
};

/** An origin that the shop allows unless it was told otherwise. */
const RETURN_URL = "http://127.0.0.1/replay";

const PAID = new Set<PayStatus>([
  PayStatus.PAID,
  PayStatus.REFUNDING,
  PayStatus.PARTIALLY_REFUNDED,
  PayStatus.REFUNDED,
]);

export type Paying = {
  shop: Shop;
  sandbox: Pick<SandboxControl, "pay">;
  /** By the index of the day's orders. */
  orderIds: readonly (bigint | undefined)[];
  inFlight: number;
};

/** Starts a payment for every order that was placed, and pays it at the sandbox. */
export async function payOrders(
  { shop, sandbox, orderIds, inFlight }: Paying,
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
  const repeat = () => {
    paid.repeated += 1;
  };
  const begin = performance.now();
  await pMap(
    orderIds,
    async (orderId, index) => {
      if (orderId === undefined) return;
      const request = { orderId, provider: "sandbox", returnUrl: RETURN_URL };
      try {
        const { payment } = await persistently(() => shop.pay.createPayment(request), repeat);
        const paymentId = payment?.paymentId ?? 0n;
        await persistently(() => sandbox.pay(paymentId), repeat);
        paid.paymentIds[index] = paymentId;
        paid.payments += 1;
      } catch (error) {
        const reason = error instanceof SandboxRefusal ? "REFUSED_BY_SANDBOX" : reasonOf(error);
        paid.refusals[reason] = (paid.refusals[reason] ?? 0) + 1;
      }
      bar.step();
    },
    { concurrency: inFlight },
  );
  paid.seconds = (performance.now() - begin) / 1_000;
  paid.settledSeconds = paid.seconds;
  return paid;
}

/** Waits until the shop has heard of all that was paid. */
export async function untilPaid(
  { shop, orderIds }: Pick<Paying, "shop" | "orderIds">,
  paid: Paid,
  bar: ProgressBar,
): Promise<void> {
  const begin = performance.now();
  const expected = orderIds.filter((_, index) => paid.paymentIds[index] !== undefined);
  paid.missing = await untilEach(expected, {
    bar,
    isThere: async (orderId) => {
      const { order } = await persistently(() => shop.order.getOrder({ orderId: orderId ?? 0n }));
      return PAID.has(order?.payStatus ?? PayStatus.UNSPECIFIED);
    },
  });
  paid.settledSeconds = paid.seconds + (performance.now() - begin) / 1_000;
}
