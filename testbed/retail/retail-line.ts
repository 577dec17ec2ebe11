/** A line of the file. */
export type RetailLine = {
  invoiceNo: string;
  stockCode: string;
  /** As in the file. May be empty or have blanks at its ends. */
  description: string;
  /** Negative for returned goods. */
  quantity: bigint;
  unitPriceCents: bigint;
  /** "" for a guest. */
  customerId: string;
  country: string;
};

/** The columns that the file must have, in any order and among others. */
export const COLUMNS = [
  "InvoiceNo",
  "StockCode",
  "Description",
  "Quantity",
  "UnitPrice",
  "CustomerID",
  "Country",
] as const;

/** A record is no invoice line. The message names the column, but not the line. */
export class LineFault extends Error {}

/** Characters. Codes become part of a SKU and of a user name, which have at most 64. */
const MAX_CODE = 32;

/**
 * Stock codes of corrections: postage, carriage, discounts, fees, samples and manual entries. Every
 * other code names goods, even without digits (DCGSSBOY).
 */
const CORRECTION_CODES = new Set(
  "POST,DOT,C2,D,M,S,B,BANK CHARGES,AMAZONFEE,CRUK,PADS,ADJUST,ADJUST2".split(","),
);

export function parseLine(record: Record<string, string | undefined>): RetailLine {
  // Everything is read as it is. A blank at an end would be an invisible difference.
  const field = (name: (typeof COLUMNS)[number]) => record[name] ?? "";
  return {
    invoiceNo: code(field("InvoiceNo"), "InvoiceNo"),
    stockCode: code(field("StockCode"), "StockCode"),
    description: field("Description"),
    quantity: wholeNumber(field("Quantity")),
    unitPriceCents: parseCents(field("UnitPrice")),
    customerId: field("CustomerID") && code(field("CustomerID"), "CustomerID"),
    country: field("Country") && code(field("Country"), "Country"),
  };
}

/**
 * Pence of an amount in pounds, such as "2.55", "2.1" or "18", read digit by digit. Refuses leading
 * zeros, a third decimal and a negative zero, which may have been meant
 * otherwise.
 */
export function parseCents(text: string): bigint {
  const match = /^(-?)(0|[1-9]\d{0,11})(?:\.(\d{1,2}))?$/.exec(text);
  if (!match || /^-0(\.0*)?$/.test(text)) {
    throw new LineFault(`UnitPrice must be an amount with two decimals at most, not "${text}"`);
  }
  const [, sign, whole = "", decimals = ""] = match;
  const cents = BigInt(whole) * 100n + BigInt(decimals.padEnd(2, "0"));
  return sign === "" ? cents : -cents;
}

/** A correction moves no goods, even in an invoice of returns. */
export function kindOf(line: RetailLine): "sale" | "return" | "correction" {
  const { invoiceNo, stockCode, quantity, unitPriceCents } = line;
  const hasCorrectionCode = CORRECTION_CODES.has(stockCode.toUpperCase());
  if (hasCorrectionCode || unitPriceCents <= 0n || quantity === 0n) return "correction";
  return quantity < 0n || /^c/i.test(invoiceNo) ? "return" : "sale";
}

function wholeNumber(text: string): bigint {
  if (!/^(0|-?[1-9]\d{0,8})$/.test(text)) {
    throw new LineFault(`Quantity must be a whole number, not "${text}"`);
  }
  return BigInt(text);
}

function code(text: string, column: string): string {
  const isWhole = text.length >= 1 && text.length <= MAX_CODE && !/\p{Cc}/u.test(text);
  if (isWhole && text === text.trim()) return text;
  throw new LineFault(
    `${column} must have 1 to ${MAX_CODE} characters without blanks at its ends, not "${text.slice(0, 2 * MAX_CODE)}"`,
  );
}
