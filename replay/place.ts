import pMap from "p-map";
import { Outage, Reason, Refusal, reasonName } from "#platform/values/refusal.ts";
import { pauseAfter, persistently, type Shop, TRIES } from "../testbed/calls/administrator.ts";
import type { Day, DayOrder } from "../testbed/retail/day.ts";
import { emptyTally, type ShippingRule, shippingFee, type Tally } from "./expected.ts";
import type { Prepared } from "./prepare.ts";
import type { ProgressBar } from "./progress.ts";

export type Placed = Tally & {
  /** Orders that were not placed, by reason. */
  refusals: Record<string, number>;
  /** Calls that had to be repeated: the shop was busy, or an answer was lost. */
  repeated: number;
  seconds: number;
  /** Of each order, in milliseconds, sorted; repetitions and their pauses included. */
  latenciesMs: number[];
  /** By the index of the day's orders; undefined where the shop did not place it. */
  orderIds: (bigint | undefined)[];
};

type Run = { shop: Shop; run: string; prepared: Prepared; rule: ShippingRule };

/** Places every order of the day, in its order, with at most `inFlight` under way. */
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
  const begin = performance.now();
  await pMap(
    day.orders,
    async (order, index) => {
      const asked = performance.now();
      const refusal = await placeOrder({ ...run, order, index, placed });
      placed.latenciesMs.push(performance.now() - asked);
      if (refusal) placed.refusals[refusal] = (placed.refusals[refusal] ?? 0) + 1;
      run.bar.step();
    },
    { concurrency: run.inFlight },
  );
  placed.seconds = (performance.now() - begin) / 1_000;
  placed.latenciesMs.sort((a, b) => a - b);
  return placed;
}

type Placing = Run & { order: DayOrder; index: number; placed: Placed };

/**
 * Returns the reason where the shop did not place it. An order that was cancelled because a service did not answer is
 * placed again, as another request.
 */
async function placeOrder(placing: Placing): Promise<string | undefined> {
  const { shop, placed, order } = placing;
  const repeat = () => {
    placed.repeated += 1;
  };
  for (let attempt = 1; ; attempt += 1) {
    const request = requestOf(placing, attempt);
    try {
      const answer = await persistently(() => shop.order.placeOrder(request), repeat);
      placed.orderIds[placing.index] = answer.order?.orderId;
      placed.orders += 1;
      placed.lines += order.lines.length;
      placed.amountCents += request.orderAmountCents;
      return undefined;
    } catch (error) {
      const cancelled = error instanceof Refusal && error.reason === Reason.DEPENDENCY_UNAVAILABLE;
      if (!cancelled || attempt === TRIES) return reasonOf(error);
      repeat();
      await pauseAfter(attempt);
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

/** For a count of what the shop did not do; anything but a refusal and no answer is thrown. */
export function reasonOf(error: unknown): string {
  if (error instanceof Refusal) return reasonName(error.reason);
  if (error instanceof Outage) return "NO_ANSWER";
  throw error;
}
