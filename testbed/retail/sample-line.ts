import type { RetailLine } from "./retail-line.ts";

/** One unit of one item for customer 7 in invoice 1, with these changes. */
export function sampleLine(changes: Partial<RetailLine> = {}): RetailLine {
  return {
    invoiceNo: "1",
    stockCode: "A",
    description: "A THING",
    quantity: 1n,
    unitPriceCents: 250n,
    customerId: "7",
    country: "United Kingdom",
    ...changes,
  };
}
