import { setTimeout as pause } from "node:timers/promises";
import type { ShopClients } from "../ops/command/shop-clients.ts";
import type { Day } from "../testbed/retail/day.ts";
import { comparePaid, type PaidComparison, type PaidRun } from "./compare-paid.ts";
import { allSame, type Compared, compared, customerName, shorten } from "./compared.ts";
import {
  emptyTally,
  expectedTallies,
  restingStock,
  type ShippingRule,
  sumOfTallies,
  type Tally,
} from "./expected.ts";
import type { Prepared } from "./prepare.ts";
import { readBack, readProvider } from "./read-back.ts";
import { NO_RETURNS, type PlannedReturns } from "./returns.ts";

export type Comparison = {
  same: boolean;
  /** Items of the day, and how many of them have the stock that the file leads to. */
  stock: Compared<number>;
  orders: Compared<number>;
  lines: Compared<number>;
  amountCents: Compared<bigint>;
  /** Customers, and how many of them have exactly the orders, lines and amount of the file. */
  customers: Compared<number>;
  /** What differs, for people; only the first of many. */
  differences: string[];
  /** Only of a run that paid. */
  paid?: PaidComparison;
};

type Found = { stock: Map<bigint, bigint>; tallies: Map<string, Tally> };

/** Stock and points of a cancelled or refunded order return by an event, which takes a moment. */
const ATTEMPTS_AFTER_RETRIES = 20;
const ATTEMPTS_AFTER_REFUNDS = 8;
const PAUSE_MS = 1_000;

type Run = {
  shop: ShopClients;
  prepared: Prepared;
  rule: ShippingRule;
  /** Orders were placed again after an outage; what the first attempt held may not be free yet. */
  retried: boolean;
  paid: PaidRun | undefined;
};

/**
 * Reads the goods and orders of this run from the shop and compares them with the file. Where
 * something may still be in motion, it compares again for a while before it reports a difference.
 */
export async function compareShop(day: Day, run: Run): Promise<Comparison> {
  const afterPaying = run.paid ? ATTEMPTS_AFTER_REFUNDS : 1;
  const attempts = run.retried ? ATTEMPTS_AFTER_RETRIES : afterPaying;
  for (let attempt = 1; ; attempt += 1) {
    const comparison = await compareNow(day, run);
    if (comparison.same || attempt >= attempts) return comparison;
    await pause(PAUSE_MS);
  }
}

async function compareNow(day: Day, run: Run): Promise<Comparison> {
  const { paid } = run;
  const found = await readBack(day, run);
  const comparison = compare(day, { ...run, found, returns: paid?.returns ?? NO_RETURNS });
  if (!paid) return comparison;
  const provider = await readProvider(paid.provider);
  const money = comparePaid(day, { ...paid, found: { customers: found.customers, provider } });
  return { ...comparison, same: comparison.same && money.same, paid: money };
}

/** Compares what was read from the shop with the file. */
export function compare(
  day: Day,
  run: { prepared: Prepared; rule: ShippingRule; found: Found; returns?: PlannedReturns },
): Comparison {
  const { stock, tallies } = run.found;
  const expected = expectedTallies(day, run.rule);
  const stocks = compareStock(day, { ...run, stock });
  const customers = compareCustomers(expected, tallies);
  const [file, shop] = [sumOfTallies(expected.values()), sumOfTallies(tallies.values())];
  const figures = {
    stock: compared(day.items.length, day.items.length - stocks.length),
    orders: compared(file.orders, shop.orders),
    lines: compared(file.lines, shop.lines),
    amountCents: compared(file.amountCents, shop.amountCents),
    customers: compared(expected.size, expected.size - customers.length),
  };
  const differences = shorten([...stocks, ...customers]);
  return { same: allSame(figures), ...figures, differences };
}

/** A line for each item whose stock differs. */
function compareStock(
  day: Day,
  run: { prepared: Prepared; stock: Found["stock"]; returns?: PlannedReturns },
): string[] {
  const { goodsIds } = run.prepared;
  const { units: returned } = run.returns ?? NO_RETURNS;
  return day.items.flatMap((item, index) => {
    const left = run.stock.get(goodsIds[index] ?? 0n);
    const expected = restingStock(item) + (returned.get(index) ?? 0n);
    if (left === expected) return [];
    const name = `${item.stockCode} at ${item.unitPriceCents} cents (goods ${goodsIds[index]})`;
    return [`stock of ${name}: ${left ?? "not found"} instead of ${expected}`];
  });
}

/** A line for each customer whose orders differ. */
function compareCustomers(expected: Map<string, Tally>, found: Map<string, Tally>): string[] {
  return [...expected].flatMap(([customerId, tally]) => {
    const has = text(found.get(customerId) ?? emptyTally());
    return has === text(tally)
      ? []
      : [`${customerName(customerId)}: ${has} instead of ${text(tally)}`];
  });
}

function text({ orders, lines, amountCents }: Tally): string {
  return `${orders} orders with ${lines} lines for ${amountCents} cents`;
}
