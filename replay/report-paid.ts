import { rounded, spread } from "../testbed/percentiles.ts";
import type { PaidComparison } from "./compare-paid.ts";
import type { PaidDay } from "./pay-day.ts";
import { comparedLine, countsText, sumOfCounts } from "./report-lines.ts";

/** The part of the result that `--pay` adds, for programs. */
type PaidResult = ReturnType<typeof paidResultOf>;

export function paidResultOf({ paid, returns, refunded, delays }: PaidDay) {
  return {
    payments: paid.payments,
    refused: sumOfCounts(paid.refusals),
    refusals: paid.refusals,
    repeated: paid.repeated,
    missing: paid.missing,
    seconds: rounded(paid.seconds),
    paymentsPerSecond: rounded(paid.payments / paid.seconds),
    settledSeconds: rounded(paid.settledSeconds),
    callbackToPaidMs: spread(delays.toPaidMs),
    callbackToPointsMs: spread(delays.toPointsMs),
    refunds: {
      planned: returns.refunds.length,
      taken: refunded.refunds,
      refused: sumOfCounts(refunded.refusals),
      refusals: refunded.refusals,
      repeated: refunded.repeated,
      missing: refunded.missing,
      seconds: rounded(refunded.seconds),
      settledSeconds: rounded(refunded.settledSeconds),
      withoutOrder: returns.unmatched,
    },
  };
}

export function paidLines(result: PaidResult): string[] {
  const { callbackToPaidMs: toPaid, callbackToPointsMs: toPoints, refunds } = result;
  const { withoutOrder } = refunds;
  return [
    `${result.payments} orders paid at the provider in ${result.seconds} s, all known to the shop after ${result.settledSeconds} s`,
    `  ${result.paymentsPerSecond} payments/s, ${result.repeated} calls retried, ${result.refused} refused${countsText(result.refusals)}, ${result.missing} not paid in the shop`,
    `  from callback to PAID p50 ${toPaid.p50} ms, p99 ${toPaid.p99} ms; to the points p50 ${toPoints.p50} ms, p99 ${toPoints.p99} ms`,
    `${refunds.taken} refunds requested in ${refunds.seconds} s, all succeeded after ${refunds.settledSeconds} s`,
    `  ${refunds.repeated} calls retried, ${refunds.refused} refused${countsText(refunds.refusals)}, ${refunds.missing} orders with unfinished refunds`,
    `  ${withoutOrder.lines} lines returned ${withoutOrder.units} units that no earlier order of the customer has`,
  ];
}

export function paidComparisonLines(
  comparison: PaidComparison,
  money: (cents: bigint) => string,
): string[] {
  const { paidCents, refundedCents } = comparison;
  const inMoney = ({ expected, found }: { expected: bigint; found: bigint }) => {
    return { expected: money(expected), found: money(found) };
  };
  return [
    comparedLine("orders paid", comparison.paidOrders),
    comparedLine("paid", { ...paidCents, ...inMoney(paidCents) }),
    comparedLine("units returned", comparison.refundedUnits),
    comparedLine("refunded", { ...refundedCents, ...inMoney(refundedCents) }),
    comparedLine("points of all users", comparison.points),
    comparedLine("customers with the right money and points", comparison.customers),
    comparedLine("payments with the right amounts at the provider", comparison.provider),
    ...comparison.differences.map((difference) => `  ! ${difference}`),
  ];
}
