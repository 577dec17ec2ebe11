import assert from "node:assert/strict";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { checkLogin, checkRegistration, passwordForm, userNameKey } from "./registration.ts";

const limits = {
  userName: { min: 3, max: 64 },
  password: { min: 8, max: 128 },
};

const good = { userName: "ada", password: "correct horse", mobile: "" };

function faultyFields(check: () => void): string[] {
  try {
    check();
    return [];
  } catch (error) {
    assert.ok(error instanceof Refusal);
    assert.equal(error.reason, Reason.INVALID_ARGUMENT);
    return [...new Set(error.violations.map(({ field }) => field))];
  }
}

describe("registration", () => {
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
  ]) {
    it(`accepts the name ${JSON.stringify(userName)}`, () => {
      assert.deepEqual(
        faultyFields(() => checkRegistration({ ...good, userName }, limits)),
        [],
      );
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
    "%%%",
    ".ada",
    // One letter that becomes 18 characters when it is normalised, with spaces among them.
    "\ufdfa".repeat(60),
  ]) {
    it(`refuses the name ${JSON.stringify(userName.slice(0, 20))} of ${userName.length}`, () => {
      assert.deepEqual(
        faultyFields(() => checkRegistration({ ...good, userName }, limits)),
        ["user_name"],
      );
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

  it("accepts passwords of 8 to 128 code points", () => {
    for (const password of ["12345678", "x".repeat(128), "😀".repeat(8), "😀".repeat(128)]) {
      assert.deepEqual(
        faultyFields(() => checkRegistration({ ...good, password }, limits)),
        [],
      );
    }
    for (const password of [
      "",
      "1234567",
      "x".repeat(129),
      "😀".repeat(7),
      "12345678\0",
      "1234\n5678",
    ]) {
      assert.deepEqual(
        faultyFields(() => checkRegistration({ ...good, password }, limits)),
        ["password"],
      );
    }
  });

  it("gives a password one form on every keyboard", () => {
    assert.equal(passwordForm("pass\u00e9wort"), passwordForm("passe\u0301wort"));
  });

  it("accepts phone numbers as people write them, and none", () => {
    for (const mobile of ["", "+49 171 123-4567", "(030) 123-4567 x885", "１２３", "٠٣٠١٢٣٤٥٦٧"]) {
      assert.deepEqual(
        faultyFields(() => checkRegistration({ ...good, mobile }, limits)),
        [],
      );
    }
    for (const mobile of ["+", "abc", " 0171", "1".repeat(21), "0171\n", "1".repeat(1_000_000)]) {
      assert.deepEqual(
        faultyFields(() => checkRegistration({ ...good, mobile }, limits)),
        ["mobile"],
      );
    }
  });

  it("names all malformed fields at once and never repeats their values", () => {
    const wrong = { userName: "a\0secret", password: "short", mobile: "xyz" };
    assert.throws(
      () => checkRegistration(wrong, limits),
      (error: Refusal) =>
        new Set(error.violations.map(({ field }) => field)).size === 3 &&
        !JSON.stringify(error.violations).includes("secret"),
    );
  });

  it("lets a login try names and passwords that a registration would refuse, within bounds", () => {
    for (const login of [
      { userName: "ab", password: "x" },
      { userName: " ada ", password: "wrong" },
    ]) {
      assert.deepEqual(
        faultyFields(() => checkLogin(login, limits)),
        [],
      );
    }
    assert.deepEqual(
      faultyFields(() => checkLogin({ userName: "", password: "" }, limits)),
      ["user_name", "password"],
    );
    const long = { userName: "x".repeat(65), password: "x".repeat(129) };
    assert.deepEqual(
      faultyFields(() => checkLogin(long, limits)),
      ["user_name", "password"],
    );
  });
});
