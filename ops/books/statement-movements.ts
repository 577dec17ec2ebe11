import type { StatementRow } from "../../services/pay/providers/statement.ts";
import { feeEntries, type Movement, otherEntries } from "./journal.ts";

/**
 * What only a statement says: the fees of its rows, and what moved the account without a payment.
 * Payments, refunds and disputes are in the shop's own rows.
 */
export function statementMovements(provider: string, rows: readonly StatementRow[]): Movement[] {
  return rows.flatMap((row) => {
    const about = { time: row.time, item: `${provider} ${row.place}`, orderId: null };
    const other =
      row.kind === "fee"
        ? feeEntries({ provider, feeCents: -row.amountCents })
        : row.kind === "other"
          ? otherEntries({ provider, amountCents: row.amountCents })
          : [];
    const fees = feeEntries({ provider, feeCents: row.feeCents });
    return [
      ...other.map((entry) => ({ ...about, ...entry, currency: row.currency })),
      ...fees.map((entry) => ({ ...about, ...entry, currency: row.feeCurrency })),
    ];
  });
}
