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
  connectHttp2,
  dripOverHttp1,
  dripOverHttp2,
  openHttp1,
  openHttp2,
  requestBytes,
  type StreamCall,
  sendWithoutReading,
} from "./slow-clients.ts";

const getGoods = methodNamed("goods GetGoods");
const listGoods = methodNamed("goods ListGoods");
const watchOrder = methodNamed("order WatchOrder");

/** Fifty descriptions of this length exceed the 64 KiB flow-control window of an HTTP/2 stream. */
const LONG_DESCRIPTION = "x".repeat(2_000);
/** Upper bound for one answer to another client, generous because the machine is busy. */
const PROMPT_MS = 5_000;

describe("the gateway, with clients that leave, stall or misbehave", function () {
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

  /** Calls GetGoods as another client and resolves to how long the answer took, in ms. */
  const answerMs = async () => {
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

  /** Opens and abandons `count` streams over both HTTP versions, half cancelled, half reset. */
  const openAndLeave = async (count: number) => {
    const CONCURRENCY = 48;
    for (let done = 0; done < count; done += CONCURRENCY) {
      const connection = connectHttp2(shop.gatewayUrl);
      const opening = Array.from({ length: CONCURRENCY }, (_, index) =>
        index % 2 === 0 ? openHttp1(port, callOf(index)) : openHttp2(connection, callOf(index)),
      );
      const open = await Promise.all(opening);
      const leaveBy = (index: number) => (index % 4 < 2 ? "cancel" : "reset");
      // A reset ends all streams of its connection, so the cancelled ones must come first.
      for (const how of ["cancel", "reset"] as const) {
        for (const [index, stream] of open.entries()) {
          if (leaveBy(index) === how) stream.leave(how);
        }
      }
      await Promise.all(open.map(({ ended }) => ended));
      connection.session.destroy();
    }
  };

  it("keeps nothing of 1,056 abandoned streams, in itself or in the service", async () => {
    await openAndLeave(96);
    const [gatewayBefore, orderBefore] = await memories();
    // More streams than the gateway or the service admits at a time.
    await openAndLeave(1_056);
    // Sockets closed a moment ago may still be counted.
    await eventually(
      async () => {
        const [gatewayAfter, orderAfter] = await memories();
        assertGrewLittle(gatewayBefore, gatewayAfter);
        assertGrewLittle(orderBefore, orderAfter);
      },
      { withinMs: 30_000 },
    );
    await answerMs();
  });

  it("admits 20 streams per user, and the next one when a stream ends", async () => {
    const connection = connectHttp2(shop.gatewayUrl);
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
    await answerMs();
  });

  it("buffers at most the answers of 200 clients that do not read, and serves the others", async () => {
    const rows = Array.from({ length: 50 }, () =>
      newGoods(shop, { description: LONG_DESCRIPTION }),
    );
    await Promise.all(rows);
    const [before] = await memories();
    const list = requestBytes(listGoods.path, '{"pageSize":50}');
    const sockets = await Promise.all(
      Array.from({ length: 100 }, () => sendWithoutReading(port, list)),
    );
    const connections = Array.from({ length: 50 }, () => connectHttp2(shop.gatewayUrl));
    for (const { session } of connections) {
      // The stream is never read, so its window is full after 64 KiB.
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
    // First let the gateway finish the 150 large answers; their cost is not measured here.
    await eventually(answerMs, { withinMs: 60_000 });
    for (let count = 0; count < 20; count += 1) assert.ok((await answerMs()) < PROMPT_MS);
    const [during] = await memories();
    assert.ok(
      during.rssMib - before.rssMib < 300,
      `grew from ${before.rssMib} to ${during.rssMib} MiB`,
    );
    for (const socket of sockets) socket.resetAndDestroy();
    for (const { session } of connections) session.destroy();
    for (const stream of watching) stream.leave("reset");
    await eventually(async () => assertGrewLittle(before, (await memories())[0]));
  });

  it("times out 200 clients that send a body byte by byte, and serves the others", async () => {
    const request = requestBytes(getGoods.path, " ".repeat(100));
    const connections = Array.from({ length: 100 }, () => connectHttp2(shop.gatewayUrl));
    const begun = Date.now();
    const slow = [
      ...Array.from({ length: 100 }, () => dripOverHttp1(port, request)),
      ...connections.map((connection) => dripOverHttp2(connection, getGoods.path)),
    ];
    for (let count = 0; count < 20; count += 1) assert.ok((await answerMs()) < PROMPT_MS);
    for (const line of await Promise.all(slow)) assert.match(line ?? "", /^(HTTP\/1\.1 408 .*)?$/);
    const tookMs = Date.now() - begun;
    assert.ok(tookMs > 8_000 && tookMs < 20_000, `${tookMs} ms`);
    for (const { session } of connections) session.destroy();
  });

  it("closes the connection of a client that floods it with resets, and no other", async () => {
    const wellBehaved = connectHttp2(shop.gatewayUrl);
    const watching = await openHttp2(wellBehaved, callOf(0));
    const flooding = connectHttp2(shop.gatewayUrl);
    const closed = new Promise<number>((resolve) => {
      flooding.session.once("goaway", resolve);
      flooding.session.once("close", () => resolve(-1));
    });
    let resets = 0;
    while (!flooding.session.closed && !flooding.session.destroyed && resets < 20_000) {
      for (let count = 0; count < 100 && !flooding.session.closed; count += 1) {
        const stream = flooding.session.request({ ":method": "POST", ":path": getGoods.path });
        stream.on("error", () => {}).close(constants.NGHTTP2_CANCEL);
        resets += 1;
      }
      await nextTurn();
    }
    assert.notEqual(await closed, 0);
    assert.ok(resets < 20_000, `${resets} resets`);
    assert.ok((await answerMs()) < PROMPT_MS);
    assert.ok(!wellBehaved.session.destroyed && !wellBehaved.session.closed);
    watching.leave("cancel");
    wellBehaved.session.destroy();
  });

  it("ends its streams, answers its calls and exits on SIGTERM", async () => {
    const connection = connectHttp2(shop.gatewayUrl);
    const watching = await Promise.all([
      ...calls.map((call) => openHttp1(port, call)),
      ...calls.map((call) => openHttp2(connection, call)),
    ]);
    shop.freeze("goods");
    const pending = PROTOCOLS.map((protocol) =>
      gateway.call({ method: getGoods, protocol, request: { goodsId } }),
    );
    // Once this later request is answered, the calls before it have arrived.
    await fetch(new URL("/healthz", shop.gatewayUrl));
    const begun = Date.now();
    const stopped = shop.kill("gateway", "SIGTERM");
    for (const { ended } of watching) assert.match(await ended, /"code":"unavailable"/);
    shop.thaw("goods");
    for (const answer of await Promise.all(pending))
      assert.equal(answer.code, "OK", answer.message);
    assert.equal(await stopped, "exit 0");
    assert.ok(Date.now() - begun < 8_000, `${Date.now() - begun} ms`);
    await assert.rejects(fetch(new URL("/healthz", shop.gatewayUrl)));
    await shop.restart("gateway");
    await answerMs();
    const faults = shop
      .output("gateway")
      .match(/^.*(answered INTERNAL|"level":"(error|fatal)").*$/gm);
    assert.deepEqual(faults?.slice(0, 3) ?? [], []);
  });
});

function assertGrewLittle(before: Memory, after: Memory, mib = 8): void {
  const what = JSON.stringify({ before, after });
  assert.ok(after.heapMib - before.heapMib < mib, what);
  assert.ok(after.sockets - before.sockets < 10, what);
}
