import { amountText } from "#platform/values/currencies.ts";
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

const {
  PAYMENT_ONLY_THERE: ONLY_THERE,
  PAYMENT_ONLY_HERE: ONLY_HERE,
  PAYMENT_DIFFERS: DIFFERS,
  PAYMENT_REPEATED: REPEATED,
} = DifferenceKind;

export function comparePayments(
  statement: readonly StatementRow[],
  payments: readonly OurPayment[],
  { from, to }: Bounds,
): Difference[] {
  const find = finder(payments);
  const seen = new Map<bigint, StatementRow>();
  const found = statement
    .filter(({ kind }) => kind === "payment")
    .flatMap((row): Difference[] => {
      const payment = find(row);
      if (!payment) return [difference(ONLY_THERE, itemOf(row), onlyThere(row))];
      const item = `payment ${payment.paymentId}`;
      const first = seen.get(payment.paymentId);
      if (first) {
        return [
          difference(REPEATED, item, `is in the statement at ${first.place} and ${row.place}`),
        ];
      }
      seen.set(payment.paymentId, row);
      if (!payment.isPaid) return [difference(ONLY_THERE, item, onlyThere(row))];
      const faults = faultsOf(row, payment);
      return faults.length === 0 ? [] : [difference(DIFFERS, item, faults.join(", "))];
    });
  const missing = payments.filter(({ paymentId, isPaid, payTime }) => {
    return isPaid && payTime && payTime >= from && payTime < to && !seen.has(paymentId);
  });
  return [
    ...found,
    ...missing.map((payment) => {
      const { paymentId, amountCents, currency, payTime } = payment;
      const says = `of ${amountText(amountCents, currency)} was paid ${at(payTime)} here, but not there`;
      return difference(ONLY_HERE, `payment ${paymentId}`, says);
    }),
  ];
}

function faultsOf(row: StatementRow, payment: OurPayment): string[] {
  const { paymentId, tradeId } = payment;
  return [
    ...amountFault(row, payment),
    ...(row.paymentNumber === "" || row.paymentNumber === String(paymentId)
      ? []
      : [`has the number ${row.paymentNumber} there`]),
    ...(row.tradeId === "" || row.tradeId === tradeId
      ? []
      : [`is trade ${row.tradeId} there and ${tradeId ?? "none"} here`]),
  ];
}

function onlyThere({ amountCents, currency, time, place }: StatementRow): string {
  return `of ${amountText(amountCents, currency)} was paid ${at(time)} there, but not here (${place})`;
}
