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

/** Where nobody answers: what is let through is UNAVAILABLE. */
const NOBODY = Object.fromEntries(
  (["goods", "coupon", "user", "order", "pay"] satisfies ServiceName[]).map((service) => [
    `SHOP_${service.toUpperCase()}_ADDRESS`,
    "127.0.0.1:1",
  ]),
);

describe("gateway: how often", () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  /** A gateway of its own, with these settings. */
  const open = async (settings: Record<string, string>): Promise<GatewayClient> => {
    const running = await startGateway({
      SHOP_ENV: "test",
      SHOP_LOG_LEVEL: "silent",
      SHOP_GATEWAY_LISTEN: "127.0.0.1:0",
      SHOP_RATE_PER_USER: "0",
      SHOP_RATE_PER_ADDRESS: "0",
      SHOP_SIGN_IN_RATE: "0",
      ...NOBODY,
      ...settings,
    });
    const client = gatewayClient(`http://${running.address}`);
    stops.push(async () => {
      client.close();
      await running.stop();
    });
    return client;
  };
  const letThrough = ({ code }: Answer) => assert.equal(code, "UNAVAILABLE");
  /** With the time to come back in both of its forms. */
  const limited = (answer: Answer, cause: string) => {
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

  it("a user may call, whatever the address, and is told in every protocol when to come back", async () => {
    const client = await open({ SHOP_RATE_PER_USER: "3", SHOP_TRUSTED_PROXIES: "loopback" });
    const [first, second] = await Promise.all(["1", "2"].map((id) => token("user", id)));
    for (const from of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
      const headers = { "x-forwarded-for": from };
      letThrough(await call(client, getUser, { token: first as string, headers }));
    }
    for (const protocol of PROTOCOLS) {
      const answer = await call(client, getUser, { protocol, token: first as string });
      limited(answer, "user");
      assert.equal(answer.http, /grpc/.test(protocol) ? 200 : 429);
    }
    letThrough(await call(client, getUser, { token: second as string }));
    letThrough(await call(client, getGoods));
    // Who has no good token is counted by the address.
    const forged = await call(client, getUser, { token: `${first}x` });
    assert.equal(forged.code, "UNAUTHENTICATED");
  });

  it("an address may call, and says by no header that it is another", async () => {
    const client = await open({ SHOP_RATE_PER_ADDRESS: "4" });
    for (const protocol of PROTOCOLS) letThrough(await call(client, getGoods, { protocol }));
    const lies = [
      "x-forwarded-for",
      "x-real-ip",
      "forwarded",
      "cf-connecting-ip",
      "true-client-ip",
    ];
    for (const name of lies) {
      const value = name === "forwarded" ? "for=192.0.2.7" : "192.0.2.7";
      limited(await call(client, getGoods, { headers: { [name]: value } }), "address");
    }
    limited(await call(client, getUser, { token: await token("user", "7") }), "address");
    // Bad tokens are not free.
    limited(await call(client, getUser, { token: "x" }), "address");
  });

  it("each address behind a trusted proxy may call, as the proxy says and not as its client", async () => {
    const settings = {
      SHOP_RATE_PER_ADDRESS: "1",
      SHOP_TRUSTED_PROXIES: "127.0.0.0/8, 10.1.0.0/16",
    };
    const client = await open(settings);
    const from = (way: string) => call(client, getGoods, { headers: { "x-forwarded-for": way } });
    letThrough(await from("192.0.2.1"));
    limited(await from("192.0.2.1"), "address");
    letThrough(await from("192.0.2.2"));
    // What stands left of the first that is not trusted was said by the client.
    limited(await from("203.0.113.9, 192.0.2.2"), "address");
    limited(await from("203.0.113.9, 192.0.2.2, 10.1.2.3"), "address");
    letThrough(await from("203.0.113.9"));
    letThrough(await from("2001:db8:1:2::1"));
    limited(await from("2001:db8:1:2:ffff::2"), "address");
    letThrough(await from("2001:db8:1:3::1"));
  });

  it("an address may sign in less often than it may call", async () => {
    const client = await open({ SHOP_SIGN_IN_RATE: "3", SHOP_RATE_PER_ADDRESS: "100" });
    letThrough(await call(client, login));
    letThrough(await call(client, refresh, { protocol: "grpc" }));
    letThrough(await call(client, methodNamed("user Register"), { protocol: "connect" }));
    for (const protocol of PROTOCOLS) limited(await call(client, login, { protocol }), "sign_in");
    limited(await call(client, refresh), "sign_in");
    letThrough(await call(client, logout));
    letThrough(await call(client, getGoods));
  });
});
