import { amountText, formatAmount } from "#platform/values/currencies.ts";
import { table } from "../command/table.ts";
import { accountSums, type Movement } from "./journal.ts";

/** The journal of a day, and what each account was debited and credited with. */
export type BooksReport = { day: string; zone: string; movements: readonly Movement[] };

/** The report for people: each movement, then the accounts. */
export function booksText({ day, zone, movements }: BooksReport): string {
  if (movements.length === 0) return `${day} (${zone}): nothing moved`;
  const lines = movements.map(({ time, item, debit, credit, amountCents, currency }) => {
    return [time.toISOString(), item, debit, credit, amountText(amountCents, currency)];
  });
  const sums = accountSums(movements);
  const accounts = sums.map(({ account, currency, debitCents, creditCents }) => {
    const amounts = [debitCents, creditCents, debitCents - creditCents];
    return [account, ...amounts.map((cents) => formatAmount(cents, currency)), currency];
  });
  return [
    table([["time", "item", "debit", "credit", "amount"], ...lines]),
    "",
    table([["account", "debit", "credit", "balance", "currency"], ...accounts]),
    "",
    `${day} (${zone}): ${movements.length} movements`,
  ].join("\n");
}

const CSV_COLUMNS = "time,item,order,debit,credit,amount,minor_units,currency";

/** A line for each movement; no value has a comma or a quote. */
export function booksCsv({ movements }: BooksReport): string {
  const lines = movements.map((movement) => {
    const { time, item, orderId, debit, credit, amountCents, currency } = movement;
    const amount = formatAmount(amountCents, currency);
    return [
      time.toISOString(),
      item,
      orderId ?? "",
      debit,
      credit,
      amount,
      amountCents,
      currency,
    ].join(",");
  });
  return [CSV_COLUMNS, ...lines].join("\n");
}

/** One line of JSON; amounts are texts, of minor units where the name ends with `cents`. */
export function booksJson({ day, zone, movements }: BooksReport): string {
  return JSON.stringify({
    day,
    zone,
    movements: movements.map(({ amountCents, orderId, ...movement }) => ({
      ...movement,
      order_id: orderId === null ? null : String(orderId),
      amount: formatAmount(amountCents, movement.currency),
      amount_cents: String(amountCents),
    })),
    accounts: accountSums(movements).map(({ account, currency, debitCents, creditCents }) => ({
      account,
      currency,
      debit_cents: String(debitCents),
      credit_cents: String(creditCents),
      balance: formatAmount(debitCents - creditCents, currency),
    })),
  });
}
