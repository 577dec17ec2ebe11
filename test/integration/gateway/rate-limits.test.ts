import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import type { ServiceName } from "#proto/services.ts";
import { start as startGateway } from "../../../gateway/main.ts";
import { token } from "../../../testbed/calls/callers.ts";
import { type Method, methodNamed } from "../../../testbed/calls/contract.ts";
import {
  type Answer,
  type GatewayClient,
  gatewayClient,
  PROTOCOLS,
  type Protocol,
} from "../../../testbed/calls/gateway-call.ts";

const getGoods = methodNamed("goods GetGoods");
const getUser = methodNamed("user GetUser");
const login = methodNamed("user Login");
const refresh = methodNamed("user RefreshSession");
const logout = methodNamed("user Logout");

/** Addresses where no service listens: a call that passes the rate limits is UNAVAILABLE. */
const UNREACHABLE = Object.fromEntries(
  (["goods", "coupon", "user", "order", "pay"] satisfies ServiceName[]).map((service) => [
    `SHOP_${service.toUpperCase()}_ADDRESS`,
    "127.0.0.1:1",
  ]),
);

describe("rate limits of the gateway", () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  /** Starts a gateway with these settings; all limits are off unless named. */
  const open = async (settings: Record<string, string>): Promise<GatewayClient> => {
    const running = await startGateway({
      SHOP_ENV: "test",
      SHOP_LOG_LEVEL: "silent",
      SHOP_GATEWAY_LISTEN: "127.0.0.1:0",
      SHOP_RATE_PER_USER: "0",
      SHOP_RATE_PER_ADDRESS: "0",
      SHOP_SIGN_IN_RATE: "0",
      ...UNREACHABLE,
      ...settings,
    });
    const client = gatewayClient(`http://${running.address}`);
    stops.push(async () => {
      client.close();
      await running.stop();
    });
    return client;
  };
  const assertPassed = ({ code }: Answer) => assert.equal(code, "UNAVAILABLE");
  /** The refusal names its cause and carries the time to wait in metadata and retry-after. */
  const assertLimited = (answer: Answer, cause: string) => {
    assert.equal(answer.code, "RESOURCE_EXHAUSTED", answer.message);
    assert.equal(answer.refusal?.reason, Reason.RATE_LIMITED);
    const { retry_after_ms = "", ...facts } = answer.refusal?.metadata ?? {};
    assert.deepEqual(facts, { cause });
    assert.ok(Number(retry_after_ms) > 0 && Number(retry_after_ms) <= 60_000, retry_after_ms);
    const seconds = Math.ceil(Number(retry_after_ms) / 1_000);
    assert.equal(answer.headers["retry-after"], String(seconds));
  };
  const call = (client: GatewayClient, method: Method, more: Partial<Call> = {}) =>
    client.call({ method, protocol: "json", ...more });
  type Call = { protocol: Protocol; token: string; headers: Record<string, string> };

  it("count calls per user across addresses and say in every protocol when to retry", async () => {
    const client = await open({ SHOP_RATE_PER_USER: "3", SHOP_TRUSTED_PROXIES: "loopback" });
    const [first, second] = await Promise.all(["1", "2"].map((id) => token("user", id)));
    for (const from of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
      const headers = { "x-forwarded-for": from };
      assertPassed(await call(client, getUser, { token: first as string, headers }));
    }
    for (const protocol of PROTOCOLS) {
      const answer = await call(client, getUser, { protocol, token: first as string });
      assertLimited(answer, "user");
      assert.equal(answer.http, /grpc/.test(protocol) ? 200 : 429);
    }
    assertPassed(await call(client, getUser, { token: second as string }));
    assertPassed(await call(client, getGoods));
    // A call without a valid token counts against its address.
    const forged = await call(client, getUser, { token: `${first}x` });
    assert.equal(forged.code, "UNAUTHENTICATED");
  });

  it("count calls per address and ignore headers that claim another address", async () => {
    const client = await open({ SHOP_RATE_PER_ADDRESS: "4" });
    for (const protocol of PROTOCOLS) assertPassed(await call(client, getGoods, { protocol }));
    const spoofable = [
      "x-forwarded-for",
      "x-real-ip",
      "forwarded",
      "cf-connecting-ip",
      "true-client-ip",
    ];
    for (const name of spoofable) {
      const value = name === "forwarded" ? "for=192.0.2.7" : "192.0.2.7";
      assertLimited(await call(client, getGoods, { headers: { [name]: value } }), "address");
    }
    assertLimited(await call(client, getUser, { token: await token("user", "7") }), "address");
    // Calls with an invalid token count as well.
    assertLimited(await call(client, getUser, { token: "x" }), "address");
  });

  it("count a GET like a POST of the same address", async () => {
    const client = await open({ SHOP_RATE_PER_ADDRESS: "2" });
    const path = `${getGoods.path}?encoding=json&message=%7B%22goodsId%22%3A%221%22%7D`;
    const get = () => client.wires[2].send({ path, method: "GET" });
    assert.equal((await get()).http, 503);
    assertPassed(await call(client, getGoods));
    const limited = await get();
    assert.equal(limited.http, 429);
    assert.equal(limited.headers["cache-control"], "no-store");
    assert.ok(Number(limited.headers["retry-after"]) > 0);
    assertLimited(await call(client, getGoods), "address");
  });

  it("count the address that a trusted proxy saw, not the one that its client claims", async () => {
    const settings = {
      SHOP_RATE_PER_ADDRESS: "1",
      SHOP_TRUSTED_PROXIES: "127.0.0.0/8, 10.1.0.0/16",
    };
    const client = await open(settings);
    const from = (hops: string) => call(client, getGoods, { headers: { "x-forwarded-for": hops } });
    assertPassed(await from("192.0.2.1"));
    assertLimited(await from("192.0.2.1"), "address");
    assertPassed(await from("192.0.2.2"));
    // From right to left, the first untrusted address counts; what precedes it is a claim.
    assertLimited(await from("203.0.113.9, 192.0.2.2"), "address");
    assertLimited(await from("203.0.113.9, 192.0.2.2, 10.1.2.3"), "address");
    assertPassed(await from("203.0.113.9"));
    assertPassed(await from("2001:db8:1:2::1"));
    assertLimited(await from("2001:db8:1:2:ffff::2"), "address");
    assertPassed(await from("2001:db8:1:3::1"));
  });

  it("allow an address fewer sign-ins than calls", async () => {
    const client = await open({ SHOP_SIGN_IN_RATE: "3", SHOP_RATE_PER_ADDRESS: "100" });
    assertPassed(await call(client, login));
    assertPassed(await call(client, refresh, { protocol: "grpc" }));
    assertPassed(await call(client, methodNamed("user Register"), { protocol: "connect" }));
    for (const protocol of PROTOCOLS)
      assertLimited(await call(client, login, { protocol }), "sign_in");
    assertLimited(await call(client, refresh), "sign_in");
    assertPassed(await call(client, logout));
    assertPassed(await call(client, getGoods));
  });
});
