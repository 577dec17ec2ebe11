import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import pMap from "p-map";
import { PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { PaymentLogType } from "#proto/shop/pay/v1/pay_pb.ts";
import { persistently, type Shop } from "../testbed/calls/administrator.ts";
import type { Day } from "../testbed/retail/day.ts";
import type { Prepared } from "./prepare.ts";

/** Milliseconds from the callback's record to what followed from it, sorted. */
export type Delays = { toPaidMs: number[]; toPointsMs: number[] };

const READS_IN_FLIGHT = 8;
const PAGE = 100;

/**
 * How long the shop took from each callback to the order that is paid and to its points, by what the services wrote
 * down: payment log, order history and point log, all stamped by the shop's database.
 */
export async function measureDelays(
  day: Day,
  run: {
    shop: Shop;
    prepared: Prepared;
    orderIds: readonly (bigint | undefined)[];
    paymentIds: readonly (bigint | undefined)[];
  },
): Promise<Delays> {
  const { shop, orderIds } = run;
  const points = await pointTimes(day, run);
  const delays: Delays = { toPaidMs: [], toPointsMs: [] };
  await pMap(
    run.paymentIds,
    async (paymentId, index) => {
      const orderId = orderIds[index];
      if (paymentId === undefined || orderId === undefined) return;
      const log = await persistently(() => shop.pay.listPaymentLog({ paymentId }));
      const taken = log.entries.find(({ type }) => type === PaymentLogType.CALLBACK_ACCEPTED);
      const calledMs = milliseconds(taken?.logTime);
      if (calledMs === undefined) return;
      const history = await persistently(() => shop.order.listOrderHistory({ orderId }));
      const paid = history.entries.find(({ payStatus }) => payStatus === PayStatus.PAID);
      add(delays.toPaidMs, calledMs, milliseconds(paid?.time));
      add(delays.toPointsMs, calledMs, points.get(orderId));
    },
    { concurrency: READS_IN_FLIGHT },
  );
  for (const each of [delays.toPaidMs, delays.toPointsMs]) each.sort((a, b) => a - b);
  return delays;
}

/** When each order's points were given. */
async function pointTimes(
  { customerIds }: Day,
  { shop, prepared }: { shop: Shop; prepared: Prepared },
): Promise<Map<bigint, number>> {
  const times = new Map<bigint, number>();
  await pMap(
    customerIds,
    async (customerId) => {
      const userId = prepared.userIds.get(customerId) ?? 0n;
      let pageToken = "";
      do {
        const page = { userId, pageSize: PAGE, pageToken };
        const { entries, nextPageToken } = await persistently(() => shop.user.listPointLog(page));
        for (const { orderId, refundId, logTime } of entries) {
          const ms = milliseconds(logTime);
          if (refundId === 0n && ms !== undefined) times.set(orderId, ms);
        }
        pageToken = nextPageToken;
      } while (pageToken !== "");
    },
    { concurrency: READS_IN_FLIGHT },
  );
  return times;
}

function milliseconds(time: Timestamp | undefined): number | undefined {
  return time && timestampMs(time);
}

function add(delays: number[], fromMs: number, toMs: number | undefined): void {
  if (toMs !== undefined) delays.push(Math.max(0, toMs - fromMs));
}
