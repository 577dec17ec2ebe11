import { parseBeijingTime } from "./beijing.ts";

/** What a row of a statement is about. */
export type RowKind =
  | "payment"
  | "refund"
  /** A refund that was carried out came back. */
  | "refund_failure"
  | "dispute"
  | "dispute_reversal"
  /** A fee that belongs to no payment. */
  | "fee"
  /** Money that went to the bank, and what else moves the account without a payment. */
  | "other";

/** One row of a provider's statement: one movement of money on the shop's account. */
export type StatementRow = {
  /** Where it stands in the file, for people: "line 7" or the provider's number of the row. */
  place: string;
  kind: RowKind;
  /**
   * `done`: the money moved. `pending`: the provider accepted it and had not carried it out when it
   * wrote the statement. `returned`: a refund that moved money and came back since. `void`: it moved
   * no money and never will.
   */
  state: "done" | "pending" | "returned" | "void";
  /** The shop's number of the payment; "" where the statement has none. */
  paymentNumber: string;
  /** The provider's number of the paid trade; "" where the statement has none. */
  tradeId: string;
  /** The shop's number of the refund; "" where there is none. */
  refundNumber: string;
  /** The provider's number of the refund or dispute; "" where the statement has none. */
  reference: string;
  /** Minor units of `currency` by ISO 4217; money that comes in is positive. */
  amountCents: bigint;
  currency: string;
  /** What the provider keeps, in minor units of `feeCurrency`; negative where it gives back. */
  feeCents: bigint;
  feeCurrency: string;
  /** By the provider's clock. */
  time: Date;
};

/** A statement cannot be read, or contradicts itself. The message says where. */
export class StatementFault extends Error {}

const DAY_MS = 86_400_000;
/** From the end of a day of Beijing until Alipay and WeChat Pay have its statement for certain. */
const READY_AFTER_MS = 10 * 3_600_000;
/** How far the days of a provider's statements are ahead of UTC. */
export const BEIJING_AHEAD_MS = 8 * 3_600_000;

/**
 * The bounds of a day such as "2026-11-26", the end exclusive, where the clocks are ahead of UTC by
 * `aheadMs`. Undefined if there is no such day.
 */
export function dayBounds(day: string, aheadMs = 0): { from: Date; to: Date } | undefined {
  const start = Date.parse(`${day}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(start)) return undefined;
  if (new Date(start).toISOString().slice(0, 10) !== day) return undefined;
  return { from: new Date(start - aheadMs), to: new Date(start - aheadMs + DAY_MS) };
}

/** Whether the statement of a day of Beijing must be there by now. */
export function isBeijingReady(day: string): boolean {
  const bounds = dayBounds(day, BEIJING_AHEAD_MS);
  return bounds !== undefined && Date.now() >= bounds.to.getTime() + READY_AFTER_MS;
}

/** The time of "2026-11-26 23:59:59" in Beijing. */
export function beijingTime(text: string, place: string): Date {
  const time = parseBeijingTime(text);
  if (time) return time;
  throw new StatementFault(`${place}: "${text}" is not a time such as 2026-11-26 23:59:59`);
}

/** Fen of "12.34", "-0.06" or "12". */
export function fenOf(text: string, place: string): bigint {
  const match = /^(-?)(\d{1,13})(?:\.(\d{1,2}))?$/.exec(text);
  if (!match) throw new StatementFault(`${place}: "${text}" is not an amount such as 12.34`);
  const [, sign, whole = "", fraction = ""] = match;
  const fen = BigInt(whole) * 100n + BigInt(fraction.padEnd(2, "0"));
  return sign === "-" ? -fen : fen;
}

/** The cells of a row by the names in the header. */
export type Cells = (column: string) => string;

/**
 * Reads cells by the header's names. Throws a StatementFault unless there is one cell for each
 * column, and for a column that the header does not have.
 */
export function cellsOf(header: readonly string[], cells: readonly string[], place: string): Cells {
  if (cells.length !== header.length) {
    throw new StatementFault(`${place} has ${cells.length} cells instead of ${header.length}`);
  }
  return (column) => {
    const cell = cells[header.indexOf(column)];
    if (cell === undefined) throw new StatementFault(`the statement has no column ${column}`);
    return cell;
  };
}

/** Joins the pieces of the one column in which the separator may stand, if there are too many. */
export function joinFreeText(
  pieces: readonly string[],
  { header, column, separator }: { header: readonly string[]; column: string; separator: string },
): readonly string[] {
  const at = header.indexOf(column);
  const extra = pieces.length - header.length;
  if (at < 0 || extra <= 0) return pieces;
  const text = pieces.slice(at, at + extra + 1).join(separator);
  return [...pieces.slice(0, at), text, ...pieces.slice(at + extra + 1)];
}

/** Throws a StatementFault where a figure at the end of a statement differs from its rows. */
export function checkTotal(what: string, said: bigint, found: bigint): void {
  if (said === found) return;
  throw new StatementFault(
    `the statement is not complete: it says ${said} as ${what}, but its rows make ${found}`,
  );
}

export function sumOf<T>(rows: readonly T[], amount: (row: T) => bigint): bigint {
  return rows.reduce((sum, row) => sum + amount(row), 0n);
}
