import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";
import { type Order, OrderStatus } from "#proto/shop/order/v1/order_pb.ts";
import { persistently, type Shop, ShopTrouble } from "../testbed/calls/administrator.ts";
import type { Day } from "../testbed/retail/day.ts";
import {
  comparePaid,
  moneyOf,
  type PaidComparison,
  type PaidFound,
  type PaidRun,
} from "./compare-paid.ts";
import {
  emptyTally,
  expectedTallies,
  restingStock,
  type ShippingRule,
  type Tally,
} from "./expected.ts";
import { addMoney, type Money, noMoney } from "./expected-money.ts";
import type { Prepared } from "./prepare.ts";
import { NO_RETURNS, type PlannedReturns } from "./returns.ts";
import { nameOf, shortened, type Verdict, verdict } from "./verdict.ts";

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
  /** Of a run that paid. */
  paid?: PaidComparison;
};

type Found = { stock: Map<bigint, bigint>; tallies: Map<string, Tally> };
type ReadBack = Found & { customers: PaidFound["customers"] };

const PAGE = 100;
const READS_IN_FLIGHT = 8;
/** What a cancelled or refunded order held comes back by an event: stock and points may need a moment. */
const LOOKS_AFTER_REPETITIONS = 20;
const LOOKS_AFTER_REFUNDS = 8;
const SETTLE_PAUSE_MS = 1_000;

/** An order that stands; PENDING ones are nobody's yet, and cancelled ones hold nothing. */
const STANDING = new Set<OrderStatus>([
  OrderStatus.CONFIRMED,
  OrderStatus.COMPLETED,
  OrderStatus.REFUNDED,
]);

type Run = {
  shop: Shop;
  prepared: Prepared;
  rule: ShippingRule;
  /** Orders were placed again, and what the first try held may still be on its way back. */
  repeated: boolean;
  paid: PaidRun | undefined;
};

/**
 * Reads this run's goods and orders back from the shop and compares them with what the file alone says. Where
 * something may still be on its way, it looks again for a while before it says that something differs.
 */
export async function compareShop(day: Day, run: Run): Promise<Comparison> {
  const afterPaying = run.paid ? LOOKS_AFTER_REFUNDS : 1;
  const looks = run.repeated ? LOOKS_AFTER_REPETITIONS : afterPaying;
  for (let look = 1; ; look += 1) {
    const comparison = await compareNow(day, run);
    if (comparison.same || look >= looks) return comparison;
    await pause(SETTLE_PAUSE_MS);
  }
}

async function compareNow(day: Day, run: Run): Promise<Comparison> {
  const { paid } = run;
  const found = await readBack(day, run);
  const comparison = compare(day, { ...run, found, returns: paid?.returns ?? NO_RETURNS });
  if (!paid) return comparison;
  const { payments } = await readable(() => paid.sandbox.state());
  const platform = new Map(payments.map((payment) => [payment.paymentId, payment]));
  const money = comparePaid(day, { ...paid, found: { customers: found.customers, platform } });
  return { ...comparison, same: comparison.same && money.same, paid: money };
}

/** The verdicts over what was found; pure. */
export function compare(
  day: Day,
  run: { prepared: Prepared; rule: ShippingRule; found: Found; returns?: PlannedReturns },
): Comparison {
  const { goodsIds } = run.prepared;
  const { units: returned } = run.returns ?? NO_RETURNS;
  const { stock, tallies } = run.found;
  const differences: string[] = [];
  let sameItems = 0;
  for (const [index, item] of day.items.entries()) {
    const left = stock.get(goodsIds[index] ?? 0n);
    const must = restingStock(item) + (returned.get(index) ?? 0n);
    if (left === must) sameItems += 1;
    else {
      const name = `${item.stockCode} at ${item.unitPriceCents} cents (goods ${goodsIds[index]})`;
      differences.push(`stock of ${name}: ${left ?? "not found"}, the file says ${must}`);
    }
  }
  const expected = expectedTallies(day, run.rule);
  let sameCustomers = 0;
  for (const [customerId, tally] of expected) {
    const has = tallies.get(customerId) ?? emptyTally();
    if (text(has) === text(tally)) sameCustomers += 1;
    else differences.push(`${nameOf(customerId)}: ${text(has)}, the file says ${text(tally)}`);
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

async function readBack(day: Day, { shop, prepared }: Run): Promise<ReadBack> {
  const stock = new Map<bigint, bigint>();
  const pages = Array.from({ length: Math.ceil(prepared.goodsIds.length / PAGE) }, (_, page) =>
    prepared.goodsIds.slice(page * PAGE, (page + 1) * PAGE),
  );
  const tallies = new Map<string, Tally>();
  const customers = new Map<string, Money>();
  await readable(async () => {
    await pMap(
      pages,
      async (goodsIds) => {
        const page = { goodsIds, pageSize: PAGE };
        const { goods } = await persistently(() => shop.goods.listGoods(page));
        for (const { goodsId, stock: left } of goods) stock.set(goodsId, left);
      },
      { concurrency: READS_IN_FLIGHT },
    );
    await pMap(
      day.customerIds,
      async (customerId) => {
        const userId = prepared.userIds.get(customerId) ?? 0n;
        const { tally, money } = await readCustomer(shop, userId);
        tallies.set(customerId, tally);
        customers.set(customerId, money);
      },
      { concurrency: READS_IN_FLIGHT },
    );
  });
  return { stock, tallies, customers };
}

async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new ShopTrouble(`the shop could not be read back: ${(error as Error).message}`);
  }
}

async function readCustomer(shop: Shop, userId: bigint): Promise<{ tally: Tally; money: Money }> {
  const tally = emptyTally();
  const money = noMoney();
  let pageToken = "";
  do {
    const page = { userId, pageSize: PAGE, pageToken };
    const { orders, nextPageToken } = await persistently(() => shop.order.listOrders(page));
    for (const order of orders) {
      if (STANDING.has(order.orderStatus)) count(tally, order);
      addMoney(money, moneyOf(order));
    }
    pageToken = nextPageToken;
  } while (pageToken !== "");
  const { user } = await persistently(() => shop.user.getUser({ userId }));
  money.points = user?.points ?? 0n;
  return { tally, money };
}

function count(tally: Tally, order: Order): void {
  tally.orders += 1;
  tally.lines += order.lines.length;
  tally.amountCents += order.orderAmountCents;
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
