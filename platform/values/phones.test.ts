import assert from "node:assert/strict";
import { e164Of, isCountry, phoneFault } from "./phones.ts";

/** As typed, E.164 in a shop with default country DE, and without a default country. */
const NUMBERS: [typed: string, german: string, anywhere: string][] = [
  ["(030) 123-4567", "+49301234567", ""],
  ["030.123.4567", "+49301234567", ""],
  ["030/1234567", "+49301234567", ""],
  ["030 1234567 x885", "+49301234567", ""],
  ["(030) 123-4567 ext. 885", "+49301234567", ""],
  ["030\u00a0123\u00a04567", "+49301234567", ""],
  ["030\u202f1234567", "+49301234567", ""],
  ["030\u30001234567", "+49301234567", ""],
  ["０３０１２３４５６７", "+49301234567", ""],
  ["（０３０）１２３－４５６７", "+49301234567", ""],
  ["٠٣٠١٢٣٤٥٦٧", "+49301234567", ""],
  ["०३० १२३४५६७", "+49301234567", ""],
  ["+49 (0)30 1234567", "+49301234567", "+49301234567"],
  ["(+49) 30 1234567", "+49301234567", "+49301234567"],
  ["＋49 30 1234567", "+49301234567", "+49301234567"],
  ["+49–30–1234567", "+49301234567", "+49301234567"],
  ["tel: +49 30 1234567", "+49301234567", "+49301234567"],
  ["+1 (415) 555-2671 ext. 12", "+14155552671", "+14155552671"],
  ["+44 20 7946 0958", "+442079460958", "+442079460958"],
  ["+33 (0)1.42.68.53.00", "+33142685300", "+33142685300"],
  ["+86 138 0013 8000", "+8613800138000", "+8613800138000"],
  ["+81 3-1234-5678 内線12", "+81312345678", "+81312345678"],
  ["+7 (495) 123-45-67 доб. 12", "+74951234567", "+74951234567"],
  ["+۹۸ ۲۱ ۱۲۳۴ ۵۶۷۸", "+982112345678", "+982112345678"],
  ["+55 (11) 91234-5678", "+5511912345678", "+5511912345678"],
  ["+39 06 698 83333", "+390669883333", "+390669883333"],
  // No phone of the public network has these numbers, and people write them all the same.
  ["001-555-123-4567x885", "", ""],
  ["1-800-FLOWERS", "", ""],
  ["110", "", ""],
  ["0", "", ""],
];

const NOT_PHONES = [
  "",
  "+",
  "abc",
  "x885",
  "call 1",
  "12a34",
  "0171 or 0172 later",
  "++49 30",
  "0171+1",
  "--",
  " 0171",
  "0171 ",
  "0171\n",
  "\xA00171",
  "0171　",
  "0171\0",
  "1".repeat(21),
  "<b>1</b>",
  "a@b.de",
  "1;drop table",
  "https://1.de",
  "1,234.56 EUR",
  "📞 1",
];

describe("phones", () => {
  for (const [typed, german, anywhere] of NUMBERS) {
    it(`accepts ${JSON.stringify(typed)}, E.164 ${german || "unknown"}`, () => {
      assert.equal(phoneFault(typed), undefined);
      assert.equal(e164Of(typed, "DE"), german);
      assert.equal(e164Of(typed, ""), anywhere);
    });
  }

  for (const text of NOT_PHONES) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.match(phoneFault(text) ?? "", /must be a phone number/);
      assert.equal(e164Of(text, "DE"), "");
    });
  }

  it("knows countries by two capital letters", () => {
    assert.ok(["DE", "CN", "US"].every(isCountry));
    assert.ok(!["", "de", "Germany", "XX", "__proto__", "toString"].some(isCountry));
  });
});
