import pMap from "p-map";
import { RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import { retry } from "../ops/command/retry.ts";
import type { ShopClients } from "../ops/command/shop-clients.ts";
import { addCount, type Counts, reasonOf } from "./place.ts";
import type { Prepared } from "./prepare.ts";
import type { ProgressBar } from "./progress.ts";
import type { DayRefund } from "./returns.ts";
import { untilEach } from "./settle.ts";

export type Refunded = {
  /** Refunds that the shop accepted. */
  refunds: number;
  /** Refunds that it refused, by reason. */
  refusals: Counts;
  /** Calls that were retried. */
  repeated: number;
  /** Until the last refund was accepted. */
  seconds: number;
  /** Until the last refund succeeded. */
  settledSeconds: number;
  /** Orders with an accepted refund that did not succeed. */
  missing: number;
};

type Refunding = {
  shop: ShopClients;
  run: string;
  prepared: Prepared;
  refunds: readonly DayRefund[];
  /** By the index of the day's orders. */
  orderIds: readonly (bigint | undefined)[];
  inFlight: number;
};

/** Requests the refunds of the day; those of one order one after the other. */
export async function refundReturns(refunding: Refunding, bar: ProgressBar): Promise<Refunded> {
  const refunded: Refunded = {
    refunds: 0,
    refusals: {},
    repeated: 0,
    seconds: 0,
    settledSeconds: 0,
    missing: 0,
  };
  const chains = [...Map.groupBy(refunding.refunds.entries(), ([, { order }]) => order).values()];
  const requestChain = async (chain: (typeof chains)[number]) => {
    for (const [index, refund] of chain) {
      await requestRefund(refunding, { index, refund, refunded });
      bar.step();
    }
  };
  const begin = performance.now();
  await pMap(chains, requestChain, { concurrency: refunding.inFlight });
  refunded.seconds = (performance.now() - begin) / 1_000;
  return refunded;
}

async function requestRefund(
  { shop, run, prepared, orderIds }: Refunding,
  { index, refund, refunded }: { index: number; refund: DayRefund; refunded: Refunded },
): Promise<void> {
  const orderId = orderIds[refund.order];
  if (orderId === undefined) return;
  const request = {
    requestId: `replay-${run}-refund-${index}`,
    orderId,
    lines: refund.lines.map(({ item, quantity }) => {
      return { goodsId: prepared.goodsIds[item] ?? 0n, quantity };
    }),
    note: `invoice ${refund.invoiceNo}`,
  };
  const onRetry = () => {
    refunded.repeated += 1;
  };
  try {
    await retry(() => shop.order.refundOrder(request), onRetry);
    refunded.refunds += 1;
  } catch (error) {
    addCount(refunded.refusals, reasonOf(error));
  }
}

/** Waits until all refunds of these orders succeeded. */
export async function untilRefunded(
  { shop, refunds, orderIds }: Pick<Refunding, "shop" | "refunds" | "orderIds">,
  refunded: Refunded,
  bar: ProgressBar,
): Promise<void> {
  const begin = performance.now();
  const orders = [...new Set(refunds.map(({ order }) => order))];
  refunded.missing = await untilEach(orders, {
    bar,
    isDone: async (order) => {
      const orderId = orderIds[order];
      if (orderId === undefined) return true;
      const answer = await retry(() => shop.order.getOrder({ orderId }));
      return (answer.order?.refunds ?? []).every(({ status }) => status === RefundStatus.SUCCEEDED);
    },
  });
  refunded.settledSeconds = refunded.seconds + (performance.now() - begin) / 1_000;
}
