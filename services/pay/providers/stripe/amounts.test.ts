import assert from "node:assert/strict";
import { fromStripe, isCharged, toStripe } from "./amounts.ts";

/** Written by hand: what people say, the shop's minor units, Stripe's amount. */
const FIGURES: [text: string, currency: string, minorUnits: bigint, amount: bigint][] = [
  ["12.34 euros", "EUR", 1_234n, 1_234n],
  ["0.50 dollars", "USD", 50n, 50n],
  ["500 yen", "JPY", 500n, 500n],
  ["5.120 dinars", "KWD", 5_120n, 5_120n],
  ["1,500 kronas", "ISK", 1_500n, 150_000n],
  ["3,000 shillings", "UGX", 3_000n, 300_000n],
  ["10,000 won", "KRW", 10_000n, 10_000n],
  ["12.00 ariary", "MGA", 1_200n, 12n],
  ["88.00 yuan", "CNY", 8_800n, 8_800n],
  ["99.90 forints", "HUF", 9_990n, 9_990n],
];

describe("amounts at Stripe", () => {
  for (const [text, currency, minorUnits, amount] of FIGURES) {
    it(`write ${text} as ${amount} ${currency}, and read them back`, () => {
      assert.equal(toStripe(minorUnits, currency), amount);
      assert.equal(fromStripe(amount, currency), minorUnits);
      assert.equal(isCharged(currency), true);
    });
  }

  it("have no thousandths of a dinar and no fractions of an ariary", () => {
    assert.equal(toStripe(5_123n, "KWD"), undefined);
    assert.equal(toStripe(1_234n, "BHD"), undefined);
    assert.equal(toStripe(1_250n, "MGA"), undefined);
  });

  it("are none of the shop's if they hold a fraction of a krona", () => {
    assert.equal(fromStripe(150_050n, "ISK"), undefined);
  });

  it("are exact beyond what a floating point number holds", () => {
    assert.equal(toStripe(9_007_199_254_740_993n, "ISK"), 900_719_925_474_099_300n);
  });

  it("are refused in currencies that Stripe does not take", () => {
    for (const currency of ["IRR", "KPW", "CLF", "LYD", "IQD", "XXX", "eur", ""]) {
      assert.equal(isCharged(currency), false, currency);
      assert.equal(toStripe(100n, currency), undefined, currency);
      assert.equal(fromStripe(100n, currency), undefined, currency);
    }
  });
});
