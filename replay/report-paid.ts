import { money, refusalsOf, rounded, said, spread, sum } from "../testbed/report-words.ts";
import type { PaidComparison } from "./compare-paid.ts";
import type { PaidDay } from "./pay-day.ts";

/** The part of the result that paying adds, for programs. */
export type PaidResult = ReturnType<typeof paidResultOf>;

export function paidResultOf({ paid, returns, refunded, delays }: PaidDay) {
  return {
    payments: paid.payments,
    refused: sum(paid.refusals),
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
      refused: sum(refunded.refusals),
      refusals: refunded.refusals,
      repeated: refunded.repeated,
      missing: refunded.missing,
      seconds: rounded(refunded.seconds),
      settledSeconds: rounded(refunded.settledSeconds),
      withoutOrder: returns.unmatched,
    },
  };
}

export function paidWords(result: PaidResult): string[] {
  const { callbackToPaidMs, callbackToPointsMs, refunds } = result;
  return [
    `${result.payments} orders paid at the sandbox in ${result.seconds} s, all known to the shop after ${result.settledSeconds} s`,
    `  ${result.paymentsPerSecond} payments/s, ${result.repeated} calls repeated, ${result.refused} refused${refusalsOf(result.refusals)}, ${result.missing} still not paid`,
    `  from callback to PAID p50 ${callbackToPaidMs.p50} ms, p99 ${callbackToPaidMs.p99} ms; to the points p50 ${callbackToPointsMs.p50} ms, p99 ${callbackToPointsMs.p99} ms`,
    `${refunds.taken} refunds asked for in ${refunds.seconds} s, through after ${refunds.settledSeconds} s`,
    `  ${refunds.repeated} calls repeated, ${refunds.refused} refused${refusalsOf(refunds.refusals)}, ${refunds.missing} orders still wait`,
    `  ${refunds.withoutOrder.lines} lines returned ${refunds.withoutOrder.units} units that no earlier order of the customer has`,
  ];
}

export function comparedWords(comparison: PaidComparison): string[] {
  const { paidCents, refundedCents } = comparison;
  return [
    said("orders paid", comparison.paidOrders),
    said("paid", { ...paidCents, ...inMoney(paidCents) }),
    said("units that came back", comparison.refundedUnits),
    said("refunded", { ...refundedCents, ...inMoney(refundedCents) }),
    said("points of all users", comparison.points),
    said("customers with the right money and points", comparison.customers),
    said("payments as the platform has them", comparison.platform),
    ...comparison.differences.map((difference) => `  ! ${difference}`),
  ];
}

function inMoney({ expected, found }: { expected: bigint; found: bigint }) {
  return { expected: money(expected), found: money(found) };
}
