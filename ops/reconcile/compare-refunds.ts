import { amountText } from "#platform/values/currencies.ts";
import { refundNumberOf } from "../../services/pay/providers/fields.ts";
import { refundNumber } from "../../services/pay/providers/provider.ts";
import type { StatementRow } from "../../services/pay/providers/statement.ts";
import {
  amountFault,
  at,
  type Bounds,
  type Difference,
  DifferenceKind,
  difference,
  finder,
  itemOf,
  type OurPayment,
} from "./difference.ts";

/** A refund as the pay service has it. */
export type OurRefund = {
  refundId: bigint;
  paymentId: bigint;
  amountCents: bigint;
  currency: string;
  /** Part of its number at the provider, counted from 1. */
  attempt: number;
  /** The provider's number of the latest attempt; null where it has sent none. */
  reference: string | null;
  /** Whether the latest attempt is carried out. */
  isDone: boolean;
  createTime: Date;
  /** When the shop learned of it; null while it is not carried out. */
  doneTime: Date | null;
};

const {
  REFUND_NOT_OURS: NOT_OURS,
  REFUND_ONLY_THERE: ONLY_THERE,
  REFUND_ONLY_HERE: ONLY_HERE,
  REFUND_DIFFERS: DIFFERS,
  REFUND_REPEATED: REPEATED,
} = DifferenceKind;

/** How far the shop's clock and the provider's may be apart. */
const CLOCKS_APART_MS = 60_000;

export function compareRefunds(
  statement: readonly StatementRow[],
  { payments, refunds }: { payments: readonly OurPayment[]; refunds: readonly OurRefund[] },
  bounds: Bounds,
): { differences: Difference[]; undecided: string[] } {
  const find = refundFinder(refunds);
  const findPayment = finder(payments);
  const back = new Set(statement.filter(isFailure).map(keyOf));
  const seen = new Map<string, StatementRow>();
  const listed = new Set<bigint>();
  const differences = statement
    .filter(({ kind }) => kind === "refund")
    .flatMap((row): Difference[] => {
      const match = find(row);
      const first = seen.get(keyOf(row));
      if (first) {
        const says = `is in the statement at ${first.place} and ${row.place}`;
        return [difference(REPEATED, `refund ${numberOf(row)}`, says)];
      }
      seen.set(keyOf(row), row);
      if (!match) return [difference(NOT_OURS, `refund ${numberOf(row)}`, notOurs(row))];
      const { refund, attempt } = match;
      if (attempt === refund.attempt) listed.add(refund.refundId);
      const isSame = findPayment(row)?.paymentId === refund.paymentId;
      const faults = [
        ...amountFault(row, refund),
        ...(isSame ? [] : [`is of ${itemOf(row)} there and of payment ${refund.paymentId} here`]),
      ];
      const item = `refund ${numberOf(row)}`;
      if (faults.length > 0) return [difference(DIFFERS, item, faults.join(", "))];
      return stateFault(row, match, back.has(keyOf(row)));
    });
  const failures = statement.filter(isFailure).flatMap((row) => failureFault(row, find(row)));
  const rest = refunds.filter(({ refundId, isDone }) => isDone && !listed.has(refundId));
  const expected = rest.filter((refund) => isWithin(refund, bounds));
  const possible = rest.filter((refund) => {
    return !expected.includes(refund) && touches(refund, bounds);
  });
  return {
    differences: [...differences, ...failures, ...expected.map(onlyHere)],
    undecided: possible.map(
      ({ refundId, createTime, doneTime }) =>
        `refund ${refundId}, requested ${at(createTime)} and known to be carried out ` +
        `${at(doneTime)}, may be in the statement of another day`,
    ),
  };
}

const isFailure = ({ kind }: StatementRow) => kind === "refund_failure";

/** The provider's number of a refund where the shop's is unknown. */
function numberOf({ refundNumber, reference, place }: StatementRow): string {
  return refundNumber || reference || place;
}

/** Numbers that others gave to refunds are unique within their trade only. */
function keyOf(row: StatementRow): string {
  return `${row.paymentNumber || row.tradeId} ${numberOf(row)}`;
}

type Match = { refund: OurRefund; attempt: number };

/** Finds a refund by its number at the provider, "77", "77-2" or "77_2", or by the provider's own. */
function refundFinder(refunds: readonly OurRefund[]) {
  const byId = new Map(refunds.map((refund) => [refund.refundId, refund]));
  const byReference = new Map(refunds.map((refund) => [refund.reference ?? "", refund]));
  byReference.delete("");
  return ({ refundNumber, reference }: StatementRow): Match | undefined => {
    const number = refundNumberOf(refundNumber);
    const named = number && byId.get(number.refundId);
    if (named) return { refund: named, attempt: number.attempt };
    const refund = byReference.get(reference);
    return refund && { refund, attempt: refund.attempt };
  };
}

/** Where the provider carried out what the shop has not, or the reverse. */
function stateFault(
  row: StatementRow,
  { refund, attempt }: Match,
  cameBack: boolean,
): Difference[] {
  const isCurrent = attempt === refund.attempt;
  const item = `refund ${numberOf(row)}`;
  if (row.state === "done") {
    if (cameBack || (isCurrent && refund.isDone)) return [];
    const here = isCurrent ? "not here" : `here attempt ${refund.attempt} is the current one`;
    return [difference(ONLY_THERE, item, `was carried out ${at(row.time)} there, but ${here}`)];
  }
  // The row of the return itself names the difference, where the statement has it.
  if (row.state === "pending" || cameBack || !isCurrent || !refund.isDone) return [];
  const there = row.state === "void" ? "closed" : "taken back";
  return [difference(ONLY_HERE, item, `is carried out here, but ${there} there (${row.place})`)];
}

/** A refund that came back there, with all of its money, must not be carried out here. */
function failureFault(row: StatementRow, match: Match | undefined): Difference[] {
  const item = `refund ${numberOf(row)}`;
  if (!match) return [difference(NOT_OURS, item, `came back there: ${notOurs(row)}`)];
  const { refund, attempt } = match;
  const faults = amountFault(row, refund);
  if (faults.length > 0) return [difference(DIFFERS, item, `came back: ${faults.join(", ")}`)];
  if (!refund.isDone || attempt !== refund.attempt) return [];
  return [difference(ONLY_HERE, item, `came back ${at(row.time)} there, but is carried out here`)];
}

function notOurs(row: StatementRow): string {
  const amount = amountText(
    row.amountCents < 0n ? -row.amountCents : row.amountCents,
    row.currency,
  );
  return `of ${amount} for ${itemOf(row)} was not made by the shop (${row.place})`;
}

function onlyHere(refund: OurRefund): Difference {
  const { amountCents, currency, doneTime } = refund;
  const says = `of ${amountText(amountCents, currency)} is carried out here ${at(doneTime)}, but not there`;
  return difference(ONLY_HERE, `refund ${refundNumber(refund)}`, says);
}

/**
 * Whether the provider must have carried it out on this day. It knows of a refund between the
 * request and the time at which the shop learned the outcome.
 */
function isWithin({ createTime, doneTime }: OurRefund, { from, to }: Bounds): boolean {
  const first = createTime.getTime() - CLOCKS_APART_MS;
  const last = (doneTime ?? createTime).getTime() + CLOCKS_APART_MS;
  return first >= from.getTime() && last < to.getTime();
}

/** Whether the provider may have carried it out on this day. */
function touches({ createTime, doneTime }: OurRefund, { from, to }: Bounds): boolean {
  const last = (doneTime ?? createTime).getTime() + CLOCKS_APART_MS;
  return last >= from.getTime() && createTime.getTime() - CLOCKS_APART_MS < to.getTime();
}
