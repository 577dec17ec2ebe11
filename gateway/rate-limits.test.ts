import assert from "node:assert/strict";
import { mock } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "#proto/shop/common/v1/error_pb.ts";
import { GoodsService } from "#proto/shop/goods/v1/goods_pb.ts";
import { UserService } from "#proto/shop/user/v1/user_pb.ts";
import { networkOf } from "./networks.ts";
import { createRateLimits } from "./rate-limits.ts";

const { getGoods } = GoodsService.method;
const { login } = UserService.method;
const NONE = { perUser: 0, perAddress: 0, signIns: 0 };

/** The time to wait that a refused call names, in milliseconds and in seconds. */
async function waitOf(call: Promise<void>): Promise<{ ms: number; seconds: number }> {
  const error = await call
    .then(() => assert.fail("the call is not refused"))
    .catch((cause: unknown) => cause);
  assert.ok(error instanceof ConnectError, String(error));
  assert.equal(error.code, Code.ResourceExhausted);
  const [info] = error.findDetails(ErrorInfoSchema);
  return {
    ms: Number(info?.metadata.retry_after_ms),
    seconds: Number(error.metadata.get("retry-after")),
  };
}

describe("rate limits", () => {
  beforeEach(() => mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_800_000_000_000 }));
  afterEach(() => mock.timers.reset());

  it("name the time to wait, and accept a call after it", async () => {
    const { network } = createRateLimits({ ...NONE, perAddress: 2 });
    for (let window = 0; window < 3; window += 1) {
      await network("192.0.2.1", getGoods);
      mock.timers.tick(20_500);
      await network("192.0.2.1", getGoods);
      const { ms, seconds } = await waitOf(network("192.0.2.1", getGoods));
      assert.equal(ms, 39_500);
      assert.equal(seconds, 40);
      mock.timers.tick(ms - 1);
      assert.equal((await waitOf(network("192.0.2.1", getGoods))).ms, 1);
      mock.timers.tick(1);
    }
  });

  it("count each user and each address separately", async () => {
    const { network, caller } = createRateLimits({ perUser: 1, perAddress: 1, signIns: 0 });
    await network("192.0.2.1", getGoods);
    await network("192.0.2.2", getGoods);
    await caller({ kind: "user", userId: 1n });
    await caller({ kind: "user", userId: 2n });
    await waitOf(network("192.0.2.1", getGoods));
    await waitOf(caller({ kind: "user", userId: 1n }));
    for (let count = 0; count < 3; count += 1) await caller({ kind: "admin", id: "a" });
  });

  it("count sign-ins separately", async () => {
    const { network } = createRateLimits({ ...NONE, signIns: 1 });
    for (let count = 0; count < 3; count += 1) await network("192.0.2.1", getGoods);
    await network("192.0.2.1", login);
    await waitOf(network("192.0.2.1", login));
    await network("192.0.2.1", getGoods);
  });

  it("count a large request as several calls, of its network and of its user", async () => {
    const { network, size, caller } = createRateLimits({
      perUser: 12,
      perAddress: 100,
      signIns: 0,
    });
    const user = { kind: "user", userId: 1n } as const;
    const from = { network: "192.0.2.1", caller: user };
    await size(from, 4_095);
    for (let count = 0; count < 2; count += 1) await caller(user);
    await size(from, 10 * 4_096);
    await waitOf(size(from, 4_096));
    await waitOf(size({ ...from, caller: { kind: "anonymous" } }, 100 * 4_096));
    await waitOf(network("192.0.2.1", getGoods));
    await network("192.0.2.2", getGoods);
  });

  it("cut a network off after 100 refused calls, until the window ends", async () => {
    const { network, isCutOff } = createRateLimits({ ...NONE, perAddress: 10 });
    for (let count = 0; count < 10; count += 1) await network("192.0.2.1", getGoods);
    for (let count = 0; count < 100; count += 1) await waitOf(network("192.0.2.1", getGoods));
    assert.equal(isCutOff("192.0.2.1"), false);
    await waitOf(network("192.0.2.1", getGoods));
    assert.equal(isCutOff("192.0.2.1"), true);
    assert.equal(isCutOff("192.0.2.2"), false);
    mock.timers.tick(60_000);
    assert.equal(isCutOff("192.0.2.1"), false);
    await network("192.0.2.1", getGoods);
  });

  it("limit the calls of one second, and cut off for its rest", async () => {
    const { network, isCutOff } = createRateLimits({ ...NONE, perAddress: 3_000 });
    for (let count = 0; count < 200; count += 1) await network("192.0.2.1", getGoods);
    mock.timers.tick(400);
    assert.equal((await waitOf(network("192.0.2.1", getGoods))).ms, 600);
    for (let count = 0; count < 99; count += 1) await waitOf(network("192.0.2.1", getGoods));
    assert.equal(isCutOff("192.0.2.1"), false);
    await waitOf(network("192.0.2.1", getGoods));
    assert.equal(isCutOff("192.0.2.1"), true);
    mock.timers.tick(600);
    assert.equal(isCutOff("192.0.2.1"), false);
    await network("192.0.2.1", getGoods);
  });

  it("of 0 do not limit", async () => {
    const { network, caller } = createRateLimits(NONE);
    for (let count = 0; count < 1_000; count += 1) {
      await network("192.0.2.1", login);
      await caller({ kind: "user", userId: 1n });
    }
  });

  it("count all addresses of one IPv6 network as one", () => {
    const networks: Record<string, string[]> = {
      "2001:db8:1:2": ["2001:db8:1:2::", "2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"],
      "2001:db8:1:3": ["2001:db8:1:3::1", "2001:0db8:0001:0003::1", "2001:DB8:1:3::1"],
      "2001:db8:0:0": ["2001:db8::1", "2001:db8:0::", "2001:db8:0:0:1::", "2001:db8::1:2:3:4"],
      "0:0:0:0": ["::", "::1"],
      "fe80:0:0:0": ["fe80::1", "fe80::1%eth0"],
      "192.0.2.1": ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:192.0.2.1", "::ffff:c000:201"],
      "192.0.2.2": ["192.0.2.2", "192.0.2.2:4711", "::ffff:192.0.2.2"],
      "2001:db8:1:4": ["[2001:db8:1:4::1]", "[2001:db8:1:4::1]:4711"],
    };
    for (const [network, addresses] of Object.entries(networks)) {
      for (const address of addresses) assert.equal(networkOf(address), network, address);
    }
  });
});
