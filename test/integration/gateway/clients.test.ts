import assert from "node:assert/strict";
import { constants } from "node:http2";
import { setImmediate as nextTurn } from "node:timers/promises";
import { token } from "../../../testbed/calls/callers.ts";
import { methodNamed } from "../../../testbed/calls/contract.ts";
import {
  type GatewayClient,
  gatewayClient,
  PROTOCOLS,
} from "../../../testbed/calls/gateway-call.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newGoods, newShopper, placeRequest } from "../../../testbed/orders/fixtures.ts";
import { type Memory, memoryOf, REPORTS_MEMORY } from "../../../testbed/shop/memory.ts";
import { startMs } from "../../../testbed/shop/shared-shop.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import {
  connection2,
  deaf,
  dripping1,
  dripping2,
  openHttp1,
  openHttp2,
  requestBytes,
  type StreamCall,
} from "./slow-clients.ts";

const getGoods = methodNamed("goods GetGoods");
const listGoods = methodNamed("goods ListGoods");
const watchOrder = methodNamed("order WatchOrder");

/** Fifty of these are more than a window of HTTP/2. */
const LONG = "x".repeat(2_000);
/** On a machine that does much else meanwhile. */
const SOON_MS = 5_000;

describe("gateway: clients that leave, or do not read", function () {
  this.timeout(2 * startMs);
  let shop: Shop;
  let gateway: GatewayClient;
  let port: number;
  let goodsId: bigint;
  let calls: StreamCall[];
  before(async () => {
    const envOf = { gateway: REPORTS_MEMORY, order: REPORTS_MEMORY };
    shop = await startShop({ gateway: true, services: ["goods", "user", "order"], envOf });
    gateway = gatewayClient(shop.gatewayUrl);
    port = Number(new URL(shop.gatewayUrl).port);
    const goods = await newGoods(shop);
    goodsId = goods.goodsId;
    calls = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const { userId, calls } = await newShopper(shop);
        const request = placeRequest({ userId, lines: [[goods, 1n]] });
        const { order } = await calls.order.placeOrder(request);
        const orderId = order?.orderId ?? assert.fail();
        return { path: watchOrder.path, orderId, token: await token("user", String(userId)) };
      }),
    );
  });
  after(async () => {
    gateway?.close();
    await shop?.stop();
  });

  const answers = async () => {
    const begun = Date.now();
    const answer = await gateway.call({ method: getGoods, protocol: "json", request: { goodsId } });
    assert.equal(answer.code, "OK", answer.message);
    return Date.now() - begun;
  };
  const memories = async (): Promise<[gateway: Memory, order: Memory]> => [
    await memoryOf(shop, "gateway"),
    await memoryOf(shop, "order"),
  ];
  const callOf = (index: number) => calls[index % calls.length] as StreamCall;

  /** So many streams come and are left, some at once, over both versions of HTTP and in both manners. */
  const comeAndGo = async (count: number) => {
    const AT_ONCE = 48;
    for (let done = 0; done < count; done += AT_ONCE) {
      const connection = connection2(shop.gatewayUrl);
      const opening = Array.from({ length: AT_ONCE }, (_, index) =>
        index % 2 === 0 ? openHttp1(port, callOf(index)) : openHttp2(connection, callOf(index)),
      );
      const open = await Promise.all(opening);
      const manner = (index: number) => (index % 4 < 2 ? "cancel" : "reset");
      // One reset ends the others of its connection, which come after the cancelled ones.
      for (const how of ["cancel", "reset"] as const) {
        for (const [index, stream] of open.entries()) if (manner(index) === how) stream.leave(how);
      }
      await Promise.all(open.map(({ ended }) => ended));
      connection.session.destroy();
    }
  };

  it("1,056 streams that were left in the middle leave nothing, here or at the service", async () => {
    await comeAndGo(96);
    const [gatewayBefore, orderBefore] = await memories();
    // More than either has places for.
    await comeAndGo(1_056);
    // Connections that were closed a moment ago may still be on their way out.
    await eventually(
      async () => {
        const [gatewayAfter, orderAfter] = await memories();
        grewLittle(gatewayBefore, gatewayAfter);
        grewLittle(orderBefore, orderAfter);
      },
      { withinMs: 30_000 },
    );
    await answers();
  });

  it("one user has 20 streams, and another when one of them ends", async () => {
    const connection = connection2(shop.gatewayUrl);
    const open = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        index % 2 === 0 ? openHttp1(port, callOf(0)) : openHttp2(connection, callOf(0)),
      ),
    );
    const { orderId, token } = callOf(0);
    for (const protocol of PROTOCOLS) {
      const call = { method: watchOrder, protocol, request: { orderId }, token };
      const answer = await gateway.call(call);
      assert.equal(answer.code, "RESOURCE_EXHAUSTED", answer.message);
      assert.deepEqual(answer.refusal?.metadata, { cause: "streams", limit: "20" });
    }
    const others = await openHttp2(connection, callOf(1));
    open[0]?.leave("cancel");
    const again = await eventually(() => openHttp1(port, callOf(0)));
    for (const stream of [...open, others, again]) stream.leave("cancel");
    connection.session.destroy();
    await answers();
  });

  it("200 clients that read nothing cost no more than their answers, and hold up nobody", async () => {
    const rows = Array.from({ length: 50 }, () => newGoods(shop, { description: LONG }));
    await Promise.all(rows);
    const [before] = await memories();
    const list = requestBytes(listGoods.path, '{"pageSize":50}');
    const sockets = await Promise.all(Array.from({ length: 100 }, () => deaf(port, list)));
    const connections = Array.from({ length: 50 }, () => connection2(shop.gatewayUrl));
    for (const { session } of connections) {
      // Its window is full after 64 KiB, as nothing is read.
      const fields = { ":method": "POST", ":path": listGoods.path };
      const stream = session.request({ ...fields, "content-type": "application/json" });
      stream.on("error", () => {}).pause();
      stream.end('{"pageSize":50}');
    }
    const watching = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const stream = await openHttp1(port, callOf(index));
        stream.pause();
        return stream;
      }),
    );
    // Making so many large answers takes its time, which is another matter.
    await eventually(answers, { withinMs: 60_000 });
    for (let count = 0; count < 20; count += 1) assert.ok((await answers()) < SOON_MS);
    const [during] = await memories();
    assert.ok(during.rssMib - before.rssMib < 300, `${before.rssMib} became ${during.rssMib} MiB`);
    for (const socket of sockets) socket.resetAndDestroy();
    for (const { session } of connections) session.destroy();
    for (const stream of watching) stream.leave("reset");
    await eventually(async () => grewLittle(before, (await memories())[0]));
  });

  it("200 clients that send a body byte by byte are let go, and hold up nobody", async () => {
    const request = requestBytes(getGoods.path, " ".repeat(100));
    const connections = Array.from({ length: 100 }, () => connection2(shop.gatewayUrl));
    const begun = Date.now();
    const slow = [
      ...Array.from({ length: 100 }, () => dripping1(port, request)),
      ...connections.map((connection) => dripping2(connection, getGoods.path)),
    ];
    for (let count = 0; count < 20; count += 1) assert.ok((await answers()) < SOON_MS);
    for (const line of await Promise.all(slow)) assert.match(line ?? "", /^(HTTP\/1\.1 408 .*)?$/);
    const tookMs = Date.now() - begun;
    assert.ok(tookMs > 8_000 && tookMs < 20_000, `${tookMs} ms`);
    for (const { session } of connections) session.destroy();
  });

  it("a client that opens streams only to reset them loses its connection, and nobody else theirs", async () => {
    const calm = connection2(shop.gatewayUrl);
    const watching = await openHttp2(calm, callOf(0));
    const wild = connection2(shop.gatewayUrl);
    const closed = new Promise<number>((resolve) => {
      wild.session.once("goaway", resolve);
      wild.session.once("close", () => resolve(-1));
    });
    let resets = 0;
    while (!wild.session.closed && !wild.session.destroyed && resets < 20_000) {
      for (let count = 0; count < 100 && !wild.session.closed; count += 1) {
        const stream = wild.session.request({ ":method": "POST", ":path": getGoods.path });
        stream.on("error", () => {}).close(constants.NGHTTP2_CANCEL);
        resets += 1;
      }
      await nextTurn();
    }
    assert.notEqual(await closed, 0);
    assert.ok(resets < 20_000, `${resets} resets`);
    assert.ok((await answers()) < SOON_MS);
    assert.ok(!calm.session.destroyed && !calm.session.closed);
    watching.leave("cancel");
    calm.session.destroy();
  });

  it("a gateway that is told to stop ends its streams, answers its calls and goes", async () => {
    const connection = connection2(shop.gatewayUrl);
    const watching = await Promise.all([
      ...calls.map((call) => openHttp1(port, call)),
      ...calls.map((call) => openHttp2(connection, call)),
    ]);
    shop.freeze("goods");
    const asking = PROTOCOLS.map((protocol) =>
      gateway.call({ method: getGoods, protocol, request: { goodsId } }),
    );
    // They have arrived when the health check that came after them has its answer.
    await fetch(new URL("/healthz", shop.gatewayUrl));
    const begun = Date.now();
    const stopped = shop.kill("gateway", "SIGTERM");
    for (const { ended } of watching) assert.match(await ended, /"code":"unavailable"/);
    shop.thaw("goods");
    for (const answer of await Promise.all(asking)) assert.equal(answer.code, "OK", answer.message);
    assert.equal(await stopped, "exit 0");
    assert.ok(Date.now() - begun < 8_000, `${Date.now() - begun} ms`);
    await assert.rejects(fetch(new URL("/healthz", shop.gatewayUrl)));
    await shop.restart("gateway");
    await answers();
    const faults = shop
      .output("gateway")
      .match(/^.*(answered INTERNAL|"level":"(error|fatal)").*$/gm);
    assert.deepEqual(faults?.slice(0, 3) ?? [], []);
  });
});

function grewLittle(before: Memory, after: Memory, mib = 8): void {
  const what = JSON.stringify({ before, after });
  assert.ok(after.heapMib - before.heapMib < mib, what);
  assert.ok(after.sockets - before.sockets < 10, what);
}
