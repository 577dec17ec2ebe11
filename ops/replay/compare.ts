import { setTimeout as pause } from "node:timers/promises";
import { OrderStatus } from "#proto/shop/order/v1/order_pb.ts";
import type { Day } from "./day.ts";
import {
  emptyTally,
  expectedTallies,
  restingStock,
  type ShippingRule,
  type Tally,
} from "./expected.ts";
import { forEachInFlight } from "./in-flight.ts";
import type { Prepared } from "./prepare.ts";
import { persistently, type Shop, ShopTrouble } from "./shop.ts";

export type Verdict<T> = { same: boolean; expected: T; found: T };

export type Comparison = {
  same: boolean;
  /** Items, and how many of them have the stock that the file says. */
  stock: Verdict<number>;
  orders: Verdict<number>;
  lines: Verdict<number>;
  amountCents: Verdict<bigint>;
  /** Customers, and how many of them have just the orders, lines and amount that the file says. */
  customers: Verdict<number>;
  /** What differs, in words; cut after the first of many. */
  differences: string[];
};

type Found = { stock: Map<bigint, bigint>; tallies: Map<string, Tally> };

const PAGE = 100;
const READS_IN_FLIGHT = 8;
const MAX_DIFFERENCES = 20;
/** What a cancelled order held comes back by an event: where an order was placed again, stock may need a moment. */
const SETTLE_TRIES = 20;
const SETTLE_PAUSE_MS = 1_000;

/** An order that stands; PENDING ones are nobody's yet, and cancelled ones hold nothing. */
const STANDING = new Set<OrderStatus>([OrderStatus.CONFIRMED, OrderStatus.COMPLETED]);

/**
 * Reads this run's goods and orders back from the shop and compares them with what the file alone says. With `settling`
 * it looks again for a while before it says that something differs.
 */
export async function compareShop(
  day: Day,
  run: { shop: Shop; prepared: Prepared; rule: ShippingRule; settling: boolean },
): Promise<Comparison> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await readBack(day, run);
    const comparison = compare(day, { ...run, found });
    if (comparison.same || !run.settling || attempt === SETTLE_TRIES) return comparison;
    await pause(SETTLE_PAUSE_MS);
  }
}

/** The verdicts over what was found; pure. */
export function compare(
  day: Day,
  run: { prepared: Prepared; rule: ShippingRule; found: Found },
): Comparison {
  const { goodsIds } = run.prepared;
  const { stock, tallies } = run.found;
  const differences: string[] = [];
  let sameItems = 0;
  for (const [index, item] of day.items.entries()) {
    const left = stock.get(goodsIds[index] ?? 0n);
    if (left === restingStock(item)) sameItems += 1;
    else {
      const name = `${item.stockCode} at ${item.unitPriceCents} cents (goods ${goodsIds[index]})`;
      differences.push(
        `stock of ${name}: ${left ?? "not found"}, the file says ${restingStock(item)}`,
      );
    }
  }
  const expected = expectedTallies(day, run.rule);
  let sameCustomers = 0;
  for (const [customerId, tally] of expected) {
    const has = tallies.get(customerId) ?? emptyTally();
    if (text(has) === text(tally)) sameCustomers += 1;
    else {
      const name = customerId === "" ? "the guests" : `customer ${customerId}`;
      differences.push(`${name}: ${text(has)}, the file says ${text(tally)}`);
    }
  }
  const wanted = sumOf(expected);
  const has = sumOf(tallies);
  const verdicts = {
    stock: verdict(day.items.length, sameItems),
    orders: verdict(wanted.orders, has.orders),
    lines: verdict(wanted.lines, has.lines),
    amountCents: verdict(wanted.amountCents, has.amountCents),
    customers: verdict(expected.size, sameCustomers),
  };
  const same = Object.values(verdicts).every((each) => each.same);
  return { same, ...verdicts, differences: shortened(differences) };
}

async function readBack(
  day: Day,
  { shop, prepared }: { shop: Shop; prepared: Prepared },
): Promise<Found> {
  const stock = new Map<bigint, bigint>();
  const pages = Array.from({ length: Math.ceil(prepared.goodsIds.length / PAGE) }, (_, page) =>
    prepared.goodsIds.slice(page * PAGE, (page + 1) * PAGE),
  );
  const tallies = new Map<string, Tally>();
  try {
    await forEachInFlight(pages, READS_IN_FLIGHT, async (goodsIds) => {
      const page = { goodsIds, pageSize: PAGE };
      const { goods } = await persistently(() => shop.goods.listGoods(page));
      for (const { goodsId, stock: left } of goods) stock.set(goodsId, left);
    });
    await forEachInFlight(day.customerIds, READS_IN_FLIGHT, async (customerId) => {
      tallies.set(customerId, await tallyOf(shop, prepared.userIds.get(customerId) ?? 0n));
    });
  } catch (error) {
    throw new ShopTrouble(`the shop could not be read back: ${(error as Error).message}`);
  }
  return { stock, tallies };
}

async function tallyOf(shop: Shop, userId: bigint): Promise<Tally> {
  const tally = emptyTally();
  let pageToken = "";
  do {
    const page = { userId, pageSize: PAGE, pageToken };
    const { orders, nextPageToken } = await persistently(() => shop.order.listOrders(page));
    for (const order of orders) {
      if (!STANDING.has(order.orderStatus)) continue;
      tally.orders += 1;
      tally.lines += order.lines.length;
      tally.amountCents += order.orderAmountCents;
    }
    pageToken = nextPageToken;
  } while (pageToken !== "");
  return tally;
}

function verdict<T>(expected: T, found: T): Verdict<T> {
  return { same: expected === found, expected, found };
}

function sumOf(tallies: Map<string, Tally>): Tally {
  const sum = emptyTally();
  for (const { orders, lines, amountCents } of tallies.values()) {
    sum.orders += orders;
    sum.lines += lines;
    sum.amountCents += amountCents;
  }
  return sum;
}

function text({ orders, lines, amountCents }: Tally): string {
  return `${orders} orders with ${lines} lines for ${amountCents} cents`;
}

function shortened(differences: string[]): string[] {
  const more = differences.length - MAX_DIFFERENCES;
  if (more <= 0) return differences;
  return [...differences.slice(0, MAX_DIFFERENCES), `and ${more} more`];
}
