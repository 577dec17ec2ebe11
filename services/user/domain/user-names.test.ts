import assert from "node:assert/strict";
import { userNameFault, userNameKey } from "./user-names.ts";

const length = { min: 3, max: 64 };

describe("a user's name", () => {
  for (const userName of [
    "ada",
    "ada@example.org",
    "a_b-c.d+e",
    "Ada Lovelace",
    "Ωμέγα",
    "松本行弘",
    "हिन्दी",
    "x".repeat(64),
    "𝓪𝓭𝓪",
    "1two",
    "Seán O’Brien",
    "O'Neill",
    "Jean‑Luc",
    "Gal·la",
    "李娜",
    "김철수",
    "サム・スミス",
    "علی\u200cرضا",
    "محمد",
    "ג׳ורג׳",
    "क्\u200dष",
    "Nguye\u0302\u0303n",
    "𠜎".repeat(64),
    "e\u0301".repeat(64),
    "たなか太郎",
    "Kim 철수",
    "李Anna",
    "ㄅㄆ李",
    "Владимир",
    "Αθηνά",
    "adminka",
  ]) {
    it(`accepts the name ${JSON.stringify(userName)}`, () => {
      assert.equal(userNameFault(userName, length), undefined);
    });
  }

  for (const userName of [
    "",
    "ab",
    "   ",
    " ada",
    "ada ",
    "ada\u00a0",
    "\u3000ada",
    "x".repeat(65),
    "x".repeat(1_000_000),
    "ada\0",
    "ada\r\nada",
    "ada\ud800x",
    "ada\u200b",
    "ada\u200d",
    "\u200cada",
    "a\u200d\u200dda",
    "李",
    "ada\u202exyz",
    "ada😀",
    "' OR 1=1 --",
    "<b>ada</b>",
    "../ada",
    "\u0430da",
    "paypа\u04cf",
    "Αda",
    "аλ",
    "adᎪ",
    "Админ李",
    "𐌀𐌁𐌂",
    "ad\u200ca",
    "a\u034fda",
    "ad\u3164a",
    "admin",
    "Admin",
    "ａｄｍｉｎ",
    "root",
    "a.d.m.i.n",
    "Support ",
    "客服",
    "%%%",
    ".ada",
    // One letter that becomes 18 characters when it is normalised, with spaces among them.
    "\ufdfa".repeat(60),
  ]) {
    it(`refuses the name ${JSON.stringify(userName.slice(0, 20))} of ${userName.length}`, () => {
      assert.ok(userNameFault(userName, length));
    });
  }

  for (const [what, one, other] of [
    ["case", "Ada", "aDA"],
    ["width", "ada", "ａｄａ"],
    ["composition", "rene\u0301", "ren\u00e9"],
    ["a final sigma", "ΣΟΦΟΣ", "σοφος"],
    ["a final sigma written out", "σοφοσ", "σοφος"],
    ["sharp s", "STRASSE", "straße"],
    ["a ligature", "ﬁnn", "finn"],
    ["a compatible space", "ada\u00a0b", "ada b"],
    ["an apostrophe", "O’Brien", "o'brien"],
    ["a hyphen", "Jean‑Luc", "jean‐luc"],
    ["blanks at an end", " ada\u3000", "ada"],
    ["a joiner", "علی\u200cرضا", "علیرضا"],
  ] as const) {
    it(`gives names that differ only in ${what} one key`, () => {
      assert.equal(userNameKey(one), userNameKey(other));
    });
  }

  it("gives different names different keys", () => {
    assert.notEqual(userNameKey("ada"), userNameKey("ädä"));
    assert.notEqual(userNameKey("ada b"), userNameKey("adab"));
  });

  it("leaves a key as it is", () => {
    for (const name of ["Ada", "ΣΟΦΟΣ", "İstanbul", "straße", "ﬁnn"]) {
      assert.equal(userNameKey(userNameKey(name)), userNameKey(name));
    }
  });
});
