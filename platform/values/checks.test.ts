import assert from "node:assert/strict";
import { Checks } from "./checks.ts";
import { Reason, Refusal } from "./refusal.ts";

function violationsOf(check: (checks: Checks) => void): string[] {
  const checks = new Checks();
  check(checks);
  try {
    checks.throwIfAny();
    return [];
  } catch (error) {
    assert(error instanceof Refusal);
    assert.equal(error.reason, Reason.INVALID_ARGUMENT);
    return error.violations.map((violation) => violation.field);
  }
}

const accepts = (check: (checks: Checks) => void) => assert.deepEqual(violationsOf(check), []);
const refuses = (check: (checks: Checks) => void) => assert.deepEqual(violationsOf(check), ["f"]);

const NAMES = [
  "Seán O’Brien",
  "O'Neill",
  "D‘Angelo",
  "Jean-Luc Müller",
  "Mary‑Ann",
  "María José Ñúñez",
  "Nguyễn Thị Minh Khai",
  "Ng",
  "X Æ A-12",
  "Þórður Ægisson",
  "Gal·la Placídia",
  "J. R. R. Tolkien",
  "李娜",
  "欧阳修",
  "𠮷野家",
  "サム・スミス",
  "김철수",
  "佐々木 希",
  "張偉 （先生）",
  "محمد بن سلمان",
  "علی‌رضا",
  "שָׁלוֹם כֹּהֵן",
  "ג׳ורג׳",
  "क्षत्रिय शर्मा",
  "ශ්‍රී ලංකා",
  "சிவகுமார்",
  "Ελένη",
  "Дмитрий Ёлкин",
  "ქეთევან",
  "Հայկ",
  "ไพโรจน์",
  "ᏣᎳᎩ",
  "👩‍👩‍👧 family",
  "🏴󠁧󠁢󠁥󠁮󠁧󠁿 Ltd",
  "Café ☕️",
  "éa",
  "Straße 1/2, 3. OG",
  "Łódź № 5",
  "AT&T",
  "100% Baumwolle",
  "Tea (Earl Grey), 50 g",
];

describe("Checks", () => {
  it("collects all violations of a request in one refusal, in order", () => {
    const fields = violationsOf((checks) => {
      checks.identifier("goods_id", 0n);
      checks.requestId("request_id", "");
      checks.that("coupon_id", true, "never reported");
      checks.cents("price_cents", -1n);
    });
    assert.deepEqual(fields, ["goods_id", "request_id", "price_cents"]);
  });

  it("limits the violations of a refusal, however many entries are bad", () => {
    const fields = violationsOf((checks) => {
      for (let index = 0; index < 5_000; index++) checks.identifier(`ids[${index}]`, 0n);
    });
    assert.equal(fields.length, 20);
  });

  it("accepts identifiers from 1 to 2^63-1 only", () => {
    for (const id of [1n, 2n ** 53n + 1n, 2n ** 63n - 1n]) accepts((c) => c.identifier("f", id));
    for (const id of [0n, -1n, -(2n ** 63n), 2n ** 63n]) refuses((c) => c.identifier("f", id));
  });

  it("accepts amounts from 0 to 2^53-1 cents", () => {
    for (const cents of [0n, 2n ** 53n - 1n]) accepts((c) => c.cents("f", cents));
    for (const cents of [-1n, 2n ** 53n, 2n ** 63n - 1n]) refuses((c) => c.cents("f", cents));
    refuses((c) => c.cents("f", 0n, { min: 1n }));
  });

  it("refuses numbers with a fraction", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1.5]) {
      refuses((c) => c.integer("f", value, { min: 0, max: 10 }));
    }
    accepts((c) => c.integer("f", -0, { min: 0, max: 10 }));
  });

  it("counts text in code points, so that an emoji is one character", () => {
    accepts((c) => c.text("f", "🛒🛒", { max: 2 }));
    refuses((c) => c.text("f", "🛒🛒🛒", { max: 2 }));
    refuses((c) => c.text("f", "x".repeat(1_048_576), { max: 100 }));
  });

  it("refuses text of spaces where text is required", () => {
    for (const text of ["", " ", "\u00a0\u3000"])
      refuses((c) => c.text("f", text, { min: 1, max: 9 }));
    accepts((c) => c.text("f", "", { max: 9 }));
  });

  it("refuses text that shows nothing where text is required", () => {
    for (const text of ["\u200b", "\u3164", "\u2800", "\u200d\ufe0f", "\ufeff"]) {
      refuses((c) => c.text("f", text, { min: 1, max: 9 }));
    }
  });

  it("counts text as it is sent and as it is stored", () => {
    accepts((c) => c.text("f", "e\u0301".repeat(4), { max: 8 }));
    refuses((c) => c.text("f", "e\u0301".repeat(5), { max: 8 }));
    // This character becomes three when it is composed.
    refuses((c) => c.text("f", "\u{1d160}".repeat(3), { max: 8 }));
    accepts((c) => c.text("f", "𠜎".repeat(64), { max: 64 }));
  });

  it("refuses lines with a blank at either end, of any width", () => {
    for (const line of [" Ada", "Ada ", "\u00a0Ada", "Ada\u3000", "Ada\u2003"]) {
      refuses((c) => c.line("f", line, { max: 64 }));
    }
    accepts((c) => c.line("f", "", { max: 64 }));
    refuses((c) => c.line("f", "", { min: 1, max: 64 }));
  });

  it("accepts names of people, places and goods of many scripts", () => {
    for (const line of NAMES) accepts((c) => c.line("f", line, { min: 1, max: 64 }));
  });

  it("accepts phone numbers that are optional and missing", () => {
    accepts((c) => c.phone("f", "", { required: false }));
    refuses((c) => c.phone("f", ""));
    accepts((c) => c.phone("f", "(030) 123-4567"));
    refuses((c) => c.phone("f", `${"1 ".repeat(20)}1`));
    refuses((c) => c.phone("f", "1".repeat(1_000_000)));
  });

  it("refuses control characters, lone surrogates and marks that change the direction of text", () => {
    for (const text of ["a\0b", "a\r\nb", "\x1b[31m", "\x7f", "\ud800", "a\u202eb", "\u2066x"]) {
      refuses((c) => c.text("f", text, { max: 99 }));
    }
    refuses((c) => c.text("f", "a\0b", { max: 99, multiline: true }));
    accepts((c) => c.text("f", "a\r\n\tb", { max: 99, multiline: true }));
  });

  it("accepts quotes, percent signs, markup and other scripts", () => {
    for (const text of [
      "' OR 1=1 --",
      "%_\\",
      "<b>",
      "__proto__",
      "../",
      "שלום",
      "👩‍👩‍👧",
      "a\u200bb",
    ]) {
      accepts((c) => c.text("f", text, { min: 1, max: 99 }));
    }
  });

  it("accepts request ids of 1 to 64 printable ASCII characters", () => {
    for (const id of ["a", "!~", "x".repeat(64)]) accepts((c) => c.requestId("f", id));
    for (const id of ["", "x".repeat(65), "a b", "é", "a\n", "\0"]) {
      refuses((c) => c.requestId("f", id));
    }
  });

  it("refuses times before 1970, after 9999 or with invalid nanoseconds", () => {
    const time = (seconds: bigint, nanos = 0) => ({
      $typeName: "google.protobuf.Timestamp" as const,
      seconds,
      nanos,
    });
    accepts((c) => c.timestamp("f", time(0n)));
    accepts((c) => c.timestamp("f", time(253_402_300_799n, 999_999_999)));
    accepts((c) => c.timestamp("f", undefined, { required: false }));
    refuses((c) => c.timestamp("f", undefined));
    for (const wrong of [time(-1n), time(253_402_300_800n), time(0n, 1e9), time(0n, -1)]) {
      refuses((c) => c.timestamp("f", wrong));
    }
  });

  it("bounds the number of entries of a list", () => {
    accepts((c) => c.count("f", [1], { min: 1, max: 2 }));
    refuses((c) => c.count("f", [], { min: 1, max: 2 }));
    refuses((c) => c.count("f", { length: 3 }, { max: 2 }));
  });
});
