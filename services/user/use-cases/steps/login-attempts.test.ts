import assert from "node:assert/strict";
import { mock } from "node:test";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { type LoginAttempts, loginAttempts } from "./login-attempts.ts";

const LIMITS = { maxFailures: 20, windowSeconds: 60 };

const limited = (error: unknown) =>
  error instanceof Refusal && error.reason === Reason.RATE_LIMITED;

async function fail(attempts: LoginAttempts, name: string, times: number) {
  for (let count = 0; count < times; count += 1) await attempts.begin(name);
}

describe("login attempts", () => {
  let attempts: LoginAttempts;
  beforeEach(() => {
    mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_800_000_000_000 });
    attempts = loginAttempts(LIMITS);
  });
  afterEach(() => mock.timers.reset());

  it("refuse the attempt after the last allowed failure, and no other name", async () => {
    await fail(attempts, "ada", 20);
    await assert.rejects(attempts.begin("ada"), limited);
    await attempts.begin("bob");
  });

  it("count attempts in flight", async () => {
    const begun = Array.from({ length: 21 }, () => attempts.begin("ada"));
    const settled = await Promise.allSettled(begun);
    assert.deepEqual(
      settled.map(({ status }) => status),
      [...Array(20).fill("fulfilled"), "rejected"],
    );
    const [takeBack] = await Promise.all(begun.slice(0, 20));
    await takeBack?.();
    await attempts.begin("ada");
    await assert.rejects(attempts.begin("ada"), limited);
  });

  it("are taken back once", async () => {
    const takeBack = await attempts.begin("ada");
    await fail(attempts, "ada", 19);
    await takeBack();
    await takeBack();
    await attempts.begin("ada");
    await assert.rejects(attempts.begin("ada"), limited);
  });

  it("do not count while they are refused", async () => {
    const takeBack = await attempts.begin("ada");
    await fail(attempts, "ada", 19);
    for (let count = 0; count < 5; count += 1) await assert.rejects(attempts.begin("ada"), limited);
    await takeBack();
    await attempts.begin("ada");
  });

  it("are allowed again once the window of the first failure is over", async () => {
    await fail(attempts, "ada", 1);
    mock.timers.tick(50_000);
    await fail(attempts, "ada", 19);
    mock.timers.tick(9_999);
    await assert.rejects(attempts.begin("ada"), limited);
    mock.timers.tick(1);
    await fail(attempts, "ada", 20);
    await assert.rejects(attempts.begin("ada"), limited);
  });

  it("are not taken back from a later window", async () => {
    const takeBack = await attempts.begin("ada");
    mock.timers.tick(60_000);
    await fail(attempts, "ada", 20);
    await takeBack();
    await assert.rejects(attempts.begin("ada"), limited);
  });
});
