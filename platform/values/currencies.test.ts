import assert from "node:assert/strict";
import { amountText, exponentOf, formatAmount, isCurrency, minorUnitsOf } from "./currencies.ts";

describe("currencies", () => {
  it("know the places of a currency's minor unit", () => {
    const places = {
      0: ["JPY", "KRW", "ISK", "UGX", "CLP", "VND", "XAF", "XOF", "XPF", "UYI"],
      2: ["EUR", "USD", "CNY", "MGA", "MRU", "HUF", "IDR", "TWD", "COP", "XCG", "ZWG"],
      3: ["KWD", "BHD", "IQD", "JOD", "LYD", "OMR", "TND"],
      4: ["CLF", "UYW"],
    };
    for (const [exponent, codes] of Object.entries(places)) {
      for (const code of codes) assert.equal(exponentOf(code), Number(exponent), code);
    }
  });

  it("count the minor units of a full unit", () => {
    assert.deepEqual(["JPY", "EUR", "KWD", "CLF"].map(minorUnitsOf), [1n, 100n, 1_000n, 10_000n]);
  });

  it("refuse codes that are not a currency, or that no shop can charge", () => {
    const others = [
      "XXQ",
      "XXX",
      "XTS",
      "XAU",
      "XDR",
      "HRK",
      "BGN",
      "DEM",
      "eur",
      "EURO",
      "",
      "EU",
    ];
    for (const code of others) assert.equal(isCurrency(code), false, code);
    for (const code of ["EUR", "JPY", "KWD"]) assert.ok(isCurrency(code));
    assert.throws(() => exponentOf("XXQ"), /"XXQ" is not a currency of ISO 4217/);
    assert.throws(() => exponentOf("toString"), RangeError);
  });

  it("write amounts exactly, with the places of the currency", () => {
    assert.equal(formatAmount(24_690n, "JPY"), "24690");
    assert.equal(formatAmount(24_690n, "EUR"), "246.90");
    assert.equal(formatAmount(24_690n, "KWD"), "24.690");
    assert.equal(formatAmount(24_690n, "CLF"), "2.4690");
    assert.equal(formatAmount(2n ** 63n - 1n, "EUR"), "92233720368547758.07");
  });

  it("write amounts below one unit, nothing and negative amounts", () => {
    assert.equal(formatAmount(5n, "EUR"), "0.05");
    assert.equal(formatAmount(5n, "KWD"), "0.005");
    assert.equal(formatAmount(0n, "JPY"), "0");
    assert.equal(formatAmount(-5n, "EUR"), "-0.05");
    assert.equal(formatAmount(-5n, "JPY"), "-5");
  });

  it("write amounts with their code", () => {
    assert.equal(amountText(1_234n, "EUR"), "12.34 EUR");
    assert.equal(amountText(1_234n, "JPY"), "1234 JPY");
  });

  it("write amounts of older orders in a currency that was withdrawn", () => {
    assert.equal(formatAmount(1_955n, "BGN"), "19.55");
  });
});
