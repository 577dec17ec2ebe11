import assert from "node:assert/strict";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { type LoginAttempts, loginAttempts } from "./login-attempts.ts";

const limited = (error: unknown) =>
  error instanceof Refusal && error.reason === Reason.RATE_LIMITED;

function fail(attempts: LoginAttempts, name: string, times: number, nowMs: number) {
  for (let count = 0; count < times; count += 1) attempts.begin(name, nowMs);
}

describe("login attempts", () => {
  const options = { maxFailures: 20, windowMs: 60_000, maxNames: 100 };

  it("refuses the try after the last failure allowed, and other names not", () => {
    const attempts = loginAttempts(options);
    fail(attempts, "ada", 20, 1_000);
    assert.throws(() => attempts.begin("ada", 1_000), limited);
    attempts.begin("bob", 1_000);
  });

  it("counts tries that are still under way", () => {
    const attempts = loginAttempts(options);
    const takeBack = attempts.begin("ada", 1_000);
    fail(attempts, "ada", 19, 1_000);
    assert.throws(() => attempts.begin("ada", 1_000), limited);
    takeBack();
    attempts.begin("ada", 1_000);
  });

  it("takes a try back only once, and never another's", () => {
    const attempts = loginAttempts(options);
    const takeBack = attempts.begin("ada", 1_000);
    fail(attempts, "ada", 19, 2_000);
    takeBack();
    takeBack();
    attempts.begin("ada", 2_000);
    assert.throws(() => attempts.begin("ada", 2_000), limited);
  });

  it("lets a name try again a window after each of its failures, never more within one", () => {
    const attempts = loginAttempts(options);
    fail(attempts, "ada", 10, 0);
    fail(attempts, "ada", 10, 50_000);
    assert.throws(() => attempts.begin("ada", 59_999), limited);
    fail(attempts, "ada", 10, 60_000);
    assert.throws(() => attempts.begin("ada", 60_000), limited);
    fail(attempts, "ada", 10, 110_000);
  });

  it("remembers the names that failed last, and no more than allowed", () => {
    const attempts = loginAttempts({ ...options, maxNames: 2 });
    fail(attempts, "ada", 20, 0);
    attempts.begin("bob", 0);
    assert.throws(() => attempts.begin("ada", 0), limited);
    attempts.begin("eve", 0);
    attempts.begin("ada", 0);
  });
});
