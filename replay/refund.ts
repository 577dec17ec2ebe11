import pMap from "p-map";
import { RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import { persistently, type Shop } from "../testbed/calls/administrator.ts";
import { reasonOf } from "./place.ts";
import type { Prepared } from "./prepare.ts";
import type { ProgressBar } from "./progress.ts";
import type { DayRefund } from "./returns.ts";
import { untilEach } from "./settle.ts";

export type Refunded = {
  /** That the shop took. */
  refunds: number;
  /** That it did not, by reason. */
  refusals: Record<string, number>;
  repeated: number;
  seconds: number;
  /** To the last one that is through. */
  settledSeconds: number;
  /** Taken, and not through. */
  missing: number;
};

export type Refunding = {
  shop: Shop;
  run: string;
  prepared: Prepared;
  refunds: readonly DayRefund[];
  /** By the index of the day's orders. */
  orderIds: readonly (bigint | undefined)[];
  inFlight: number;
};

/** Asks for the day's refunds; those of one order in their order, one after the other. */
export async function refundReturns(refunding: Refunding, bar: ProgressBar): Promise<Refunded> {
  const { shop, refunds, orderIds } = refunding;
  const refunded: Refunded = {
    refunds: 0,
    refusals: {},
    repeated: 0,
    seconds: 0,
    settledSeconds: 0,
    missing: 0,
  };
  const begin = performance.now();
  const chains = [...Map.groupBy(refunds.entries(), ([, { order }]) => order).values()];
  await pMap(
    chains,
    async (chain) => {
      for (const [index, refund] of chain) {
        const orderId = orderIds[refund.order];
        if (orderId === undefined) continue;
        const request = { ...requestOf(refunding, refund), orderId };
        const requestId = `replay-${refunding.run}-refund-${index}`;
        try {
          await persistently(
            () => shop.order.refundOrder({ ...request, requestId }),
            () => {
              refunded.repeated += 1;
            },
          );
          refunded.refunds += 1;
        } catch (error) {
          const reason = reasonOf(error);
          refunded.refusals[reason] = (refunded.refusals[reason] ?? 0) + 1;
        }
        bar.step();
      }
    },
    { concurrency: refunding.inFlight },
  );
  refunded.seconds = (performance.now() - begin) / 1_000;
  return refunded;
}

/** Waits until no refund of these orders is under way. */
export async function untilRefunded(
  { shop, refunds, orderIds }: Pick<Refunding, "shop" | "refunds" | "orderIds">,
  refunded: Refunded,
  bar: ProgressBar,
): Promise<void> {
  const begin = performance.now();
  const orders = [...new Set(refunds.map(({ order }) => order))];
  refunded.missing = await untilEach(orders, {
    bar,
    isThere: async (order) => {
      const orderId = orderIds[order];
      if (orderId === undefined) return true;
      const answer = await persistently(() => shop.order.getOrder({ orderId }));
      return (answer.order?.refunds ?? []).every(({ status }) => status === RefundStatus.SUCCEEDED);
    },
  });
  refunded.settledSeconds = refunded.seconds + (performance.now() - begin) / 1_000;
}

function requestOf({ prepared }: Refunding, { invoiceNo, lines }: DayRefund) {
  return {
    lines: lines.map(({ item, quantity }) => {
      return { goodsId: prepared.goodsIds[item] ?? 0n, quantity };
    }),
    note: `invoice ${invoiceNo}`,
  };
}
