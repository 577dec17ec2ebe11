import type { StatementRow } from "../../services/pay/providers/statement.ts";
import { compareDisputes, type OurDispute } from "./compare-disputes.ts";
import { comparePayments } from "./compare-payments.ts";
import { compareRefunds, type OurRefund } from "./compare-refunds.ts";
import type { Bounds, Difference, OurPayment } from "./difference.ts";

/** What the shop has of a provider: the day's rows and those that the statement names. */
export type OurRows = { payments: OurPayment[]; refunds: OurRefund[]; disputes: OurDispute[] };

export type Comparison = {
  differences: Difference[];
  /** What cannot be decided from the statement of this day alone. */
  undecided: string[];
};

/** Compares the statement of a day with the shop's rows, to the minor unit. */
export function compare(
  statement: readonly StatementRow[],
  ours: OurRows,
  bounds: Bounds,
): Comparison {
  const refunds = compareRefunds(statement, ours, bounds);
  return {
    differences: [
      ...comparePayments(statement, ours.payments, bounds),
      ...refunds.differences,
      ...compareDisputes(statement, ours.disputes, bounds),
    ],
    undecided: refunds.undecided,
  };
}
