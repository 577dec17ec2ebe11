import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { token } from "../../../testbed/calls/callers.ts";
import { methodNamed } from "../../../testbed/calls/contract.ts";
import {
  type GatewayClient,
  gatewayClient,
  PROTOCOLS,
  type Protocol,
} from "../../../testbed/calls/gateway-call.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newGoods, newShopper, placeRequest } from "../../../testbed/orders/fixtures.ts";
import { startMs } from "../../../testbed/shop/shared-shop.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

const getGoods = methodNamed("goods GetGoods");
const listGoods = methodNamed("goods ListGoods");
const getUser = methodNamed("user GetUser");
const watchOrder = methodNamed("order WatchOrder");

const isGrpc = (protocol: Protocol) => protocol === "grpc" || protocol === "grpc-web";
const timeoutOf = (protocol: Protocol, ms: number): Record<string, string> =>
  isGrpc(protocol) ? { "grpc-timeout": `${ms}m` } : { "connect-timeout-ms": String(ms) };

describe("the gateway, on deadlines and outages", function () {
  this.timeout(startMs);
  let shop: Shop;
  let gateway: GatewayClient;
  let goodsId: bigint;
  let orderId: bigint;
  let user: string;
  before(async () => {
    shop = await startShop({ gateway: true });
    gateway = gatewayClient(shop.gatewayUrl);
    const goods = await newGoods(shop);
    const { userId, calls } = await newShopper(shop);
    const { order } = await calls.order.placeOrder(placeRequest({ userId, lines: [[goods, 1n]] }));
    goodsId = goods.goodsId;
    orderId = order?.orderId ?? assert.fail();
    user = await token("user", String(userId));
  });
  after(async () => {
    gateway?.close();
    await shop?.stop();
  });

  const ask = (protocol: Protocol, headers: Record<string, string> = {}) =>
    gateway.call({ method: getGoods, protocol, request: { goodsId }, headers });
  const watch = (
    protocol: Protocol,
    headers: Record<string, string> = {},
    onData: () => void = () => {},
  ) => {
    const call = { method: watchOrder, request: { orderId }, token: user };
    return gateway.call({ ...call, protocol, headers, onData });
  };
  const page = async (path: string) => {
    const response = await fetch(new URL(path, shop.gatewayUrl));
    return { status: response.status, text: await response.text() };
  };
  const readiness = async () => {
    const { status, text } = await page("/readyz");
    const { ready, services } = JSON.parse(text) as {
      ready: boolean;
      services: Record<string, unknown>;
    };
    assert.equal(ready, status === 200);
    return { ready, services: JSON.stringify(services) };
  };

  for (const protocol of PROTOCOLS) {
    it(`refuses a malformed deadline and one above 60 s as malformed: ${protocol}`, async () => {
      const bad = isGrpc(protocol)
        ? ["99999999H", "100000000S", "60001m", "2M", "-1S", "1e3S", "1.5S", "", "5", "S", "1D"]
        : ["60001", "9999999999", "99999999999", "-1", "1.5", "1e3", "", "x", "0x10"];
      const name = isGrpc(protocol) ? "grpc-timeout" : "connect-timeout-ms";
      for (const text of bad) {
        const answer = await ask(protocol, { [name]: text });
        assert.equal(answer.code, "INVALID_ARGUMENT", `${text}: ${answer.message}`);
        assert.equal(answer.refusal?.reason, Reason.INVALID_ARGUMENT, text);
      }
      assert.equal((await ask(protocol, timeoutOf(protocol, 60_000))).code, "OK");
    });

    it(`answers DEADLINE_EXCEEDED when the deadline has passed: ${protocol}`, async () => {
      assert.equal((await ask(protocol, timeoutOf(protocol, 0))).code, "DEADLINE_EXCEEDED");
    });

    it(`lets a stream last up to 30 minutes and ends it at its deadline: ${protocol}`, async () => {
      const tooLong = await watch(protocol, timeoutOf(protocol, 30 * 60_000 + 1));
      assert.equal(tooLong.code, "INVALID_ARGUMENT", tooLong.message);
      const begun = Date.now();
      const answer = await watch(protocol, timeoutOf(protocol, 300));
      assert.equal(answer.code, "DEADLINE_EXCEEDED", answer.message);
      assert.ok(Date.now() - begun < 3_000);
    });
  }

  it("answers DEADLINE_EXCEEDED in time for a service that hangs, and serves the others", async () => {
    shop.freeze("goods");
    try {
      const begun = Date.now();
      const hanging = PROTOCOLS.map((protocol) => ask(protocol, timeoutOf(protocol, 800)));
      const others = await Promise.all(
        PROTOCOLS.map((protocol) => gateway.call({ method: getUser, protocol, token: user })),
      );
      for (const { code, message } of others) assert.equal(code, "OK", message);
      assert.equal((await page("/healthz")).status, 200);
      for (const [index, answer] of (await Promise.all(hanging)).entries()) {
        assert.equal(answer.code, "DEADLINE_EXCEEDED", `${PROTOCOLS[index]}: ${answer.message}`);
        assert.equal(answer.message, "the deadline has passed");
      }
      const tookMs = Date.now() - begun;
      assert.ok(tookMs >= 790 && tookMs < 4_000, `${tookMs} ms`);
      const { ready, services } = await readiness();
      assert.ok(!ready && /"goods":[^}]*UNREACHABLE/.test(services), services);
    } finally {
      shop.thaw("goods");
    }
    await eventually(async () => assert.equal((await ask("json")).code, "OK"));
    await eventually(async () => assert.ok((await readiness()).ready));
  });

  it("answers UNAVAILABLE without addresses while a service is down, and recovers with it", async () => {
    let seen = 0;
    const onData = () => {
      seen += 1;
    };
    const watching = PROTOCOLS.map((protocol) => watch(protocol, {}, onData));
    await eventually(() => assert.equal(seen, PROTOCOLS.length));
    await Promise.all([shop.kill("goods"), shop.kill("order")]);
    for (const [index, answer] of (await Promise.all(watching)).entries()) {
      assert.equal(answer.code, "UNAVAILABLE", `${PROTOCOLS[index]}: ${answer.message}`);
      assert.ok(answer.messages.length > 0);
    }
    for (const protocol of PROTOCOLS) {
      for (const answer of [
        await ask(protocol),
        await gateway.call({ method: listGoods, protocol }),
        await watch(protocol),
      ]) {
        assert.equal(answer.code, "UNAVAILABLE", `${protocol}: ${answer.message}`);
        assert.doesNotMatch(answer.message, /\d\.\d|:\d|localhost|connect|ECONN/i);
        if (protocol === "json" && answer.http !== 200) assert.equal(answer.http, 503);
      }
    }
    assert.equal((await page("/healthz")).status, 200);
    const { ready, services } = await readiness();
    assert.ok(!ready && /"goods":[^}]*UNREACHABLE/.test(services), services);
    assert.match(services, /"user":[^}]*SERVING/);
    await Promise.all([shop.restart("goods"), shop.restart("order")]);
    for (const protocol of PROTOCOLS) {
      await eventually(async () => assert.equal((await ask(protocol)).code, "OK"));
      const again = () => watch(protocol, timeoutOf(protocol, 500));
      await eventually(async () => assert.equal((await again()).code, "DEADLINE_EXCEEDED"));
    }
    await eventually(async () => assert.ok((await readiness()).ready));
    assert.doesNotMatch(shop.output("gateway"), /answered INTERNAL|"level":"(error|fatal)"/);
  });
});
