import assert from "node:assert/strict";
import { kindOf, LineFault, parseCents, parseLine, type RetailLine } from "./retail-line.ts";

const record = {
  InvoiceNo: "536365",
  StockCode: "85123A",
  Description: " WHITE HANGING  HEART ",
  Quantity: "6",
  UnitPrice: "2.55",
  CustomerID: "17850",
  Country: "United Kingdom",
};

describe("a line of the file", () => {
  it("is read with the price in cents, and its texts as they are", () => {
    assert.deepEqual(parseLine(record), {
      invoiceNo: "536365",
      stockCode: "85123A",
      description: " WHITE HANGING  HEART ",
      quantity: 6n,
      unitPriceCents: 255n,
      customerId: "17850",
      country: "United Kingdom",
    });
  });

  it("converts every notation of pounds to exact cents", () => {
    const written: [string, bigint][] = [
      ["18", 1_800n],
      ["2.1", 210n],
      ["0.07", 7n],
      ["1.10", 110n],
      ["0", 0n],
      ["-0.01", -1n],
      ["13541.33", 1_354_133n],
      ["-11062.06", -1_106_206n],
      // Not exact as a floating-point number of cents.
      ["1.15", 115n],
      ["99999999999.99", 9_999_999_999_999n],
    ];
    for (const [text, cents] of written) assert.equal(parseCents(text), cents, text);
  });

  const vague = ["1.100", "02.55", "00", "-0", "-0.00", "2.550", "+1", "1_0", "２"];

  it("refuses a price that is not a number of whole cents", () => {
    for (const text of ["", "2.555", "1e3", ".5", "5.", "£2", "2,55", "--1", "NaN", ...vague]) {
      assert.throws(() => parseCents(text), LineFault, text);
    }
  });

  it("names the column that is wrong", () => {
    const wrong = [
      { ...record, Quantity: "six" },
      { ...record, Quantity: "1.5" },
      ...["1e3", "+6", " 6", "6 ", "06", "-0", "1,000", "６", ""].map((Quantity) => ({
        ...record,
        Quantity,
      })),
      { ...record, UnitPrice: " 2.55" },
      { ...record, UnitPrice: "1,000.50" },
      { ...record, StockCode: "85123A " },
      { ...record, UnitPrice: "two" },
      { ...record, InvoiceNo: "" },
      { ...record, StockCode: "x".repeat(33) },
      { ...record, CustomerID: "1\u00002" },
      { ...record, Country: "France " },
    ];
    const columns = [
      ...Array.from({ length: 11 }, () => "Quantity"),
      "UnitPrice",
      "UnitPrice",
      "StockCode",
      "UnitPrice",
      "InvoiceNo",
      "StockCode",
      "CustomerID",
      "Country",
    ];
    for (const [index, each] of wrong.entries()) {
      assert.throws(() => parseLine(each), new RegExp(`^Error: ${columns[index]} must`));
    }
  });

  it("is a sale, a return or a correction", () => {
    const line = parseLine(record);
    const kinds: [Partial<RetailLine>, string][] = [
      [{}, "sale"],
      [{ customerId: "" }, "sale"],
      [{ stockCode: "DCGS0076" }, "sale"],
      [{ quantity: -6n }, "return"],
      [{ invoiceNo: "C536379", quantity: -1n }, "return"],
      [{ unitPriceCents: 0n }, "correction"],
      [{ unitPriceCents: -5n }, "correction"],
      [{ quantity: 0n }, "correction"],
      [{ stockCode: "POST" }, "correction"],
      [{ stockCode: "m" }, "correction"],
      [{ stockCode: "BANK CHARGES" }, "correction"],
      [{ invoiceNo: "C536379", stockCode: "D", quantity: -1n }, "correction"],
    ];
    for (const [change, kind] of kinds) {
      const changed = { ...line, ...change };
      assert.equal(kindOf(changed), kind, `${changed.invoiceNo} ${changed.stockCode}`);
    }
  });
});
