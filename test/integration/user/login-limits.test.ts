import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newKey } from "../../../testbed/orders/fixtures.ts";
import type { Replica } from "../../../testbed/shop/replica.ts";
import { startUser, type UserUnderTest } from "./user-service.ts";

const HOME = "192.0.2.1";
const AWAY = "198.51.100.7";

describe("failed logins", function () {
  this.timeout(60_000);
  let service: UserUnderTest;
  let replica: Replica;
  before(async () => {
    service = await startUser({});
    replica = await service.replica();
  });
  after(async () => {
    await replica?.stop();
    await service?.stop();
  });

  type From = { from?: string; deviceToken?: string; at?: UserUnderTest["anyone"] };
  const login = (
    userName: string,
    password: string,
    { from = HOME, deviceToken = "", at = service.anyone }: From = {},
  ) => at.login({ userName, password, deviceToken }, { clientNetwork: from });

  async function newUser() {
    const userName = newKey();
    await service.anyone.register({ userName, password: "password" });
    return userName;
  }

  async function fail(userName: string, times: number, options: From = {}) {
    for (let count = 0; count < times; count += 1) {
      await refused(login(userName, "wrong", options), Reason.UNAUTHENTICATED);
    }
  }

  const atLimit = (call: Promise<unknown>) => refused(call, Reason.RATE_LIMITED);

  it("lock out the network that they come from, at every replica, and no other", async () => {
    const userName = await newUser();
    await fail(userName, 10, { from: AWAY });
    await fail(userName, 10, { from: AWAY, at: replica.anonymous.user });
    for (const at of [service.anyone, replica.anonymous.user]) {
      const { metadata } = await atLimit(login(userName, "password", { from: AWAY, at }));
      assert.equal(metadata.cause, "failed_logins");
      const waitMs = Number(metadata.retry_after_ms);
      assert.ok(waitMs > 0 && waitMs <= 60_000, `${waitMs} ms`);
    }
    await login(userName, "password", { from: HOME });
  });

  it("count for one name, however it is written", async () => {
    const userName = `Ada ${newKey()}`;
    await service.anyone.register({ userName, password: "password" });
    const spellings = [userName, `${userName}  `, userName.toUpperCase(), ` ${userName}\u3000`];
    for (const spelling of spellings) await fail(spelling, 5);
    for (const spelling of spellings) await atLimit(login(spelling, "password"));
  });

  it("count while they are in flight", async () => {
    const userName = await newUser();
    const settled = await Promise.allSettled(
      Array.from({ length: 30 }, () => login(userName, "wrong")),
    );
    const reasons = settled.map((one) => one.status === "rejected" && one.reason.reason);
    assert.ok(reasons.filter((reason) => reason === Reason.UNAUTHENTICATED).length <= 20);
  });

  it("are slowed down once many networks try one name, but not on a known device", async () => {
    const userName = await newUser();
    const { deviceToken } = await login(userName, "password");
    await fail(userName, 1, { from: AWAY });
    await service.sql(
      "update login_attempts set failures = 100 where name_key = ? and origin = '*'",
      [userName.toLowerCase()],
    );
    for (const from of [HOME, AWAY, "2001:db8:1:2"]) {
      const { metadata } = await atLimit(login(userName, "password", { from }));
      assert.ok(Number(metadata.retry_after_ms) <= 10_000);
    }
    await login(userName, "password", { from: AWAY, deviceToken });
    const other = await newUser();
    await atLimit(
      login(userName, "password", {
        deviceToken: (await login(other, "password")).deviceToken,
      }),
    );
    await service.sql(
      "update login_attempts set last_time = now(3) - interval 10 second where name_key = ?",
      [userName.toLowerCase()],
    );
    await login(userName, "password", { from: AWAY });
  });

  it("on a known device lock out that device alone", async () => {
    const userName = await newUser();
    const { deviceToken } = await login(userName, "password");
    await fail(userName, 20, { deviceToken });
    await atLimit(login(userName, "password", { deviceToken }));
    const next = await login(userName, "password");
    await login(userName, "password", { deviceToken: next.deviceToken });
  });

  it("end with their window", async () => {
    const userName = await newUser();
    await fail(userName, 20);
    await atLimit(login(userName, "password"));
    await service.sql(
      "update login_attempts set window_start = now(3) - interval 60 second where name_key = ?",
      [userName.toLowerCase()],
    );
    await login(userName, "password");
  });

  it("of names that no user has count the same", async () => {
    const userName = newKey();
    await fail(userName, 20);
    await atLimit(login(userName, "password"));
    await refused(login("\ufdfa".repeat(60), "password"), Reason.UNAUTHENTICATED);
  });

  it("are forgotten after an hour", async () => {
    const userName = await newUser();
    await fail(userName, 1);
    await service.sql(
      "update login_attempts set window_start = now(3) - interval 3601 second where name_key = ?",
      [userName.toLowerCase()],
    );
    const rest = () =>
      service.sql("select origin from login_attempts where name_key = ?", [userName.toLowerCase()]);
    await eventually(async () => assert.deepEqual(await rest(), []));
  });
});
