import { formatAmount } from "#platform/values/currencies.ts";
import { rounded, spread } from "../testbed/percentiles.ts";
import type { Day } from "../testbed/retail/day.ts";
import { type Audited, auditLines } from "./audit-after.ts";
import type { Comparison } from "./compare.ts";
import type { ShippingRule } from "./expected.ts";
import type { PaidDay } from "./pay-day.ts";
import type { Placed } from "./place.ts";
import { comparedLine, countsText, sumOfCounts } from "./report-lines.ts";
import { paidComparisonLines, paidLines, paidResultOf } from "./report-paid.ts";

/** The result for programs: amounts in cents, times in the units of their names. */
export type Result = ReturnType<typeof resultOf>;

type Machine = { cores: number; loadAverageBefore: number[]; loadAverageAfter: number[] };

export function resultOf(run: {
  file: string;
  run: string;
  inFlight: number;
  day: Day;
  rule: ShippingRule;
  currency: string;
  preparationSeconds: number;
  placed: Placed;
  paidDay: PaidDay | undefined;
  comparison: Comparison;
  audit: Audited | undefined;
  machine: Machine;
}) {
  const { day, placed, paidDay } = run;
  return {
    file: run.file,
    run: run.run,
    same: run.comparison.same,
    inFlight: run.inFlight,
    orders: placed.orders,
    lines: placed.lines,
    amountCents: placed.amountCents,
    refused: sumOfCounts(placed.refusals),
    refusals: placed.refusals,
    repeated: placed.repeated,
    seconds: rounded(placed.seconds),
    ordersPerSecond: rounded(placed.orders / placed.seconds),
    linesPerSecond: rounded(placed.lines / placed.seconds),
    latencyMs: spread(placed.latenciesMs),
    preparation: {
      goods: day.items.length,
      users: day.customerIds.length,
      seconds: rounded(run.preparationSeconds),
    },
    fileLines: { ...day.lines, ordersTooLong: day.tooLong },
    shipping: run.rule,
    currency: run.currency,
    ...(paidDay && { pay: paidResultOf(paidDay) }),
    comparison: run.comparison,
    ...(run.audit && { audit: run.audit }),
    machine: run.machine,
  };
}

/** One line of JSON. Amounts are numbers if a double holds them exactly, otherwise text. */
export function resultJson(result: Result): string {
  return JSON.stringify(result, (_key, value: unknown) => {
    if (typeof value !== "bigint") return value;
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);
  });
}

/** The result for people. */
export function resultText(result: Result): string {
  const { comparison, currency, fileLines, latencyMs, machine, preparation, shipping } = result;
  const money = (cents: bigint) => formatAmount(cents, currency);
  const lines = [
    `run ${result.run}: ${preparation.goods} goods and ${preparation.users} users created in ${preparation.seconds} s`,
    `  not sold: ${fileLines.returned} returned lines, ${fileLines.corrections} corrections, ${fileLines.ordersTooLong.length} invoices with too many lines`,
    `  shipping: ${money(shipping.feeCents)}, free from ${money(shipping.freeFromCents)} (SHIPPING_FEE_CENTS, FREE_SHIPPING_FROM_CENTS)`,
    `${result.orders} orders with ${result.lines} lines for ${money(result.amountCents)} placed in ${result.seconds} s`,
    `  ${result.ordersPerSecond} orders/s, ${result.linesPerSecond} lines/s, PlaceOrder p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms, ${result.inFlight} in flight`,
    `  ${result.repeated} calls retried, ${result.refused} orders refused${countsText(result.refusals)}`,
    `  ${machine.cores} cores, load ${machine.loadAverageBefore[0]} before, ${machine.loadAverageAfter[0]} after`,
    ...(result.pay ? paidLines(result.pay) : []),
    "compared with the file:",
    comparedLine("items with the right stock", comparison.stock),
    comparedLine("customers with the right orders", comparison.customers),
    comparedLine("orders", comparison.orders),
    comparedLine("order lines", comparison.lines),
    comparedLine("amount in cents", comparison.amountCents),
    ...comparison.differences.map((difference) => `  ! ${difference}`),
    ...(comparison.paid ? paidComparisonLines(comparison.paid, money) : []),
    comparison.same ? "everything is the same" : "SOMETHING DIFFERS",
    ...(result.audit ? auditLines(result.audit) : []),
  ];
  return lines.join("\n");
}
