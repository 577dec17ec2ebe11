/** A line of the file, as it stands there. */
export type RetailLine = {
  invoiceNo: string;
  stockCode: string;
  description: string;
  /** Negative where goods came back. */
  quantity: bigint;
  unitPriceCents: bigint;
  /** "" for a guest. */
  customerId: string;
  country: string;
};

/** The columns that the file must have; others may stand between them. */
export const COLUMNS = [
  "InvoiceNo",
  "StockCode",
  "Description",
  "Quantity",
  "UnitPrice",
  "CustomerID",
  "Country",
] as const;

/** What cannot be read as an invoice line; the message says why, without the place. */
export class LineFault extends Error {}

/** Codes and numbers become part of a sku and of a user name, which have at most 64 characters. */
const MAX_CODE = 32;

/**
 * Stock codes under which the books were corrected: postage, carriage, discounts, fees, samples, manual entries. Every
 * other code names goods, also one without digits (DCGSSBOY).
 */
const BOOK_CODES = new Set(
  "POST,DOT,C2,D,M,S,B,BANK CHARGES,AMAZONFEE,CRUK,PADS,ADJUST,ADJUST2".split(","),
);

export function parseLine(record: Record<string, string | undefined>): RetailLine {
  const field = (name: (typeof COLUMNS)[number]) => (record[name] ?? "").trim();
  return {
    invoiceNo: code(field("InvoiceNo"), "InvoiceNo"),
    stockCode: code(field("StockCode"), "StockCode"),
    description: field("Description").replace(/\s+/g, " "),
    quantity: wholeNumber(field("Quantity")),
    unitPriceCents: parseCents(field("UnitPrice")),
    customerId: field("CustomerID") && code(field("CustomerID"), "CustomerID"),
    country: field("Country"),
  };
}

/** Pounds as the file writes them ("2.55", "2.1", "18") in cents, digit by digit. */
export function parseCents(text: string): bigint {
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,2})0*)?$/.exec(text);
  if (!match) {
    throw new LineFault(`UnitPrice must be an amount with two decimals at most, not "${text}"`);
  }
  const [, sign, whole = "", decimals = ""] = match;
  const cents = BigInt(whole) * 100n + BigInt(decimals.padEnd(2, "0"));
  return sign === "" ? cents : -cents;
}

/** A correction is one even where its invoice is a return: no goods moved. */
export function kindOf(line: RetailLine): "sale" | "return" | "correction" {
  const { invoiceNo, stockCode, quantity, unitPriceCents } = line;
  const ofTheBooks = BOOK_CODES.has(stockCode.toUpperCase());
  if (ofTheBooks || unitPriceCents <= 0n || quantity === 0n) return "correction";
  return quantity < 0n || /^c/i.test(invoiceNo) ? "return" : "sale";
}

function wholeNumber(text: string): bigint {
  if (!/^-?\d{1,9}$/.test(text)) {
    throw new LineFault(`Quantity must be a whole number, not "${text}"`);
  }
  return BigInt(text);
}

function code(text: string, column: string): string {
  if (text.length >= 1 && text.length <= MAX_CODE && !/\p{Cc}/u.test(text)) return text;
  throw new LineFault(`${column} must have 1 to ${MAX_CODE} characters`);
}
