import assert from "node:assert/strict";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { checkLogin, checkRegistration, passwordForm } from "./registration.ts";

const limits = {
  userName: { min: 3, max: 64 },
  password: { min: 8, max: 128 },
};

const loginLimits = { ...limits, deviceToken: 128 };

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
  it("refuses a malformed name", () => {
    assert.deepEqual(
      faultyFields(() => checkRegistration({ ...good, userName: "a\u0430\u0501a" }, limits)),
      ["user_name"],
    );
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
        faultyFields(() => checkLogin({ ...login, deviceToken: "?" }, loginLimits)),
        [],
      );
    }
    assert.deepEqual(
      faultyFields(() => checkLogin({ userName: "", password: "", deviceToken: "" }, loginLimits)),
      ["user_name", "password"],
    );
    const [userName, password, deviceToken] = [65, 129, 129].map((length) => "x".repeat(length));
    const long = { userName, password, deviceToken } as Parameters<typeof checkLogin>[0];
    assert.deepEqual(
      faultyFields(() => checkLogin(long, loginLimits)),
      ["user_name", "password", "device_token"],
    );
  });
});
