import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import pMap from "p-map";
import { PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { PaymentLogType } from "#proto/shop/pay/v1/pay_pb.ts";
import { retry } from "../ops/command/retry.ts";
import type { ShopClients } from "../ops/command/shop-clients.ts";
import type { Day } from "../testbed/retail/day.ts";
import type { Prepared } from "./prepare.ts";

/** Milliseconds from the record of a callback to what followed from it, sorted. */
export type Delays = { toPaidMs: number[]; toPointsMs: number[] };

type Run = {
  shop: ShopClients;
  prepared: Prepared;
  orderIds: readonly (bigint | undefined)[];
  paymentIds: readonly (bigint | undefined)[];
};

const READS_IN_FLIGHT = 8;
const PAGE = 100;

/**
 * Measures how long the shop took from each callback to the paid order and to its points. The times
 * come from the payment log, the order history and the point log, all stamped by the database.
 */
export async function measureDelays(day: Day, run: Run): Promise<Delays> {
  const { shop, orderIds } = run;
  const points = await pointTimes(day, run);
  const delays: Delays = { toPaidMs: [], toPointsMs: [] };
  const measure = async (paymentId: bigint | undefined, index: number) => {
    const orderId = orderIds[index];
    if (paymentId === undefined || orderId === undefined) return;
    const log = await retry(() => shop.pay.listPaymentLog({ paymentId }));
    const accepted = log.entries.find(({ type }) => type === PaymentLogType.CALLBACK_ACCEPTED);
    const calledMs = milliseconds(accepted?.logTime);
    if (calledMs === undefined) return;
    const history = await retry(() => shop.order.listOrderHistory({ orderId }));
    const paid = history.entries.find(({ payStatus }) => payStatus === PayStatus.PAID);
    addDelay(delays.toPaidMs, calledMs, milliseconds(paid?.time));
    addDelay(delays.toPointsMs, calledMs, points.get(orderId));
  };
  await pMap(run.paymentIds, measure, { concurrency: READS_IN_FLIGHT });
  for (const each of [delays.toPaidMs, delays.toPointsMs]) each.sort((a, b) => a - b);
  return delays;
}

/** When each order earned its points, by order id. */
async function pointTimes(
  { customerIds }: Day,
  { shop, prepared }: Pick<Run, "shop" | "prepared">,
): Promise<Map<bigint, number>> {
  const times = new Map<bigint, number>();
  const read = async (customerId: string) => {
    const userId = prepared.userIds.get(customerId) ?? 0n;
    let pageToken = "";
    do {
      const page = { userId, pageSize: PAGE, pageToken };
      const { entries, nextPageToken } = await retry(() => shop.user.listPointLog(page));
      for (const { orderId, refundId, logTime } of entries) {
        const ms = milliseconds(logTime);
        if (refundId === 0n && ms !== undefined) times.set(orderId, ms);
      }
      pageToken = nextPageToken;
    } while (pageToken !== "");
  };
  await pMap(customerIds, read, { concurrency: READS_IN_FLIGHT });
  return times;
}

function milliseconds(time: Timestamp | undefined): number | undefined {
  return time && timestampMs(time);
}

function addDelay(delays: number[], fromMs: number, toMs: number | undefined): void {
  if (toMs !== undefined) delays.push(Math.max(0, toMs - fromMs));
}
