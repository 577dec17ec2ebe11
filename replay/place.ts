import pMap from "p-map";
import { Outage, Reason, Refusal, reasonName } from "#platform/values/refusal.ts";
import { ATTEMPTS, backOff, retry } from "../ops/command/retry.ts";
import type { ShopClients } from "../ops/command/shop-clients.ts";
import type { Day, DayOrder } from "../testbed/retail/day.ts";
import { emptyTally, type ShippingRule, shippingFee, type Tally } from "./expected.ts";
import type { Prepared } from "./prepare.ts";
import type { ProgressBar } from "./progress.ts";

/** How often something happened, by name. */
export type Counts = Record<string, number>;

export type Placed = Tally & {
  /** Orders that the shop refused, by reason. */
  refusals: Counts;
  /** Calls that were retried: the shop was busy, or an answer was lost. */
  repeated: number;
  seconds: number;
  /** Of each order, in milliseconds, sorted; retries and their pauses included. */
  latenciesMs: number[];
  /** By the index of the day's orders; undefined where the order was refused. */
  orderIds: (bigint | undefined)[];
};

type Run = { shop: ShopClients; run: string; prepared: Prepared; rule: ShippingRule };

/** Places the orders of the day in their order, at most `inFlight` at once. */
export async function placeOrders(
  day: Day,
  run: Run & { inFlight: number; bar: ProgressBar },
): Promise<Placed> {
  const placed: Placed = {
    ...emptyTally(),
    refusals: {},
    repeated: 0,
    seconds: 0,
    latenciesMs: [],
    orderIds: day.orders.map(() => undefined),
  };
  const place = async (order: DayOrder, index: number) => {
    const begin = performance.now();
    const refusal = await placeOrder({ ...run, order, index, placed });
    placed.latenciesMs.push(performance.now() - begin);
    if (refusal) addCount(placed.refusals, refusal);
    run.bar.step();
  };
  const begin = performance.now();
  await pMap(day.orders, place, { concurrency: run.inFlight });
  placed.seconds = (performance.now() - begin) / 1_000;
  placed.latenciesMs.sort((a, b) => a - b);
  return placed;
}

type Placing = Run & { order: DayOrder; index: number; placed: Placed };

/**
 * Returns the reason where the shop refuses the order. An order that the shop cancelled because one
 * of its services did not answer is placed again with another request id.
 */
async function placeOrder(placing: Placing): Promise<string | undefined> {
  const { shop, placed, order } = placing;
  const onRetry = () => {
    placed.repeated += 1;
  };
  for (let attempt = 1; ; attempt += 1) {
    const request = requestOf(placing, attempt);
    try {
      const answer = await retry(() => shop.order.placeOrder(request), onRetry);
      placed.orderIds[placing.index] = answer.order?.orderId;
      placed.orders += 1;
      placed.lines += order.lines.length;
      placed.amountCents += request.orderAmountCents;
      return undefined;
    } catch (error) {
      const cancelled = error instanceof Refusal && error.reason === Reason.DEPENDENCY_UNAVAILABLE;
      if (!cancelled || attempt === ATTEMPTS) return reasonOf(error);
      onRetry();
      await backOff(attempt);
    }
  }
}

function requestOf({ run, prepared, rule, order, index }: Placing, attempt: number) {
  const shippingFeeCents = shippingFee(order, rule);
  return {
    requestId: `replay-${run}-order-${index}${attempt === 1 ? "" : `-${attempt}`}`,
    userId: prepared.userIds.get(order.customerId) ?? 0n,
    lines: order.lines.map(({ item, quantity, unitPriceCents }) => ({
      goodsId: prepared.goodsIds[item] ?? 0n,
      quantity,
      unitPriceCents,
    })),
    address: {
      consignee: order.customerId ? `Customer ${order.customerId}` : "Guest",
      mobile: "0",
      text: order.country || "unknown",
    },
    shippingFeeCents,
    orderAmountCents: order.goodsAmountCents + shippingFeeCents,
  };
}

/** The name under which a refusal or an outage is counted; any other error is thrown. */
export function reasonOf(error: unknown): string {
  if (error instanceof Refusal) return reasonName(error.reason);
  if (error instanceof Outage) return "NO_ANSWER";
  throw error;
}

export function addCount(counts: Counts, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
