import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, connect as connect2 } from "node:http2";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { Reason } from "#platform/values/refusal.ts";
import { ListGoodsRequestSchema } from "#proto/shop/goods/v1/goods_pb.ts";
import { PlaceOrderRequestSchema } from "#proto/shop/order/v1/order_pb.ts";
import { token } from "../../../testbed/calls/callers.ts";
import { type Method, methodNamed } from "../../../testbed/calls/contract.ts";
import {
  type Answer,
  type GatewayClient,
  gatewayClient,
} from "../../../testbed/calls/gateway-call.ts";
import { frame } from "../../../testbed/calls/http2-call.ts";
import { type Edge, startEdge, USER_ID } from "./edge.ts";

const getUser = methodNamed("user GetUser");
const login = methodNamed("user Login");
const quoteOrder = methodNamed("order QuoteOrder");
const listGoods = methodNamed("goods ListGoods");

describe("the budgets of a client at the gateway", () => {
  let edge: Edge;
  let client: GatewayClient;
  let user: string;
  before(async () => {
    edge = await startEdge({ env: { SHOP_RATE_PER_USER: "0", SHOP_RATE_PER_ADDRESS: "0" } });
    client = gatewayClient(edge.url);
    user = await token("user", String(USER_ID));
  });
  after(async () => {
    client?.close();
    await edge?.stop();
  });

  const json = (method: Method, text: string | Uint8Array, headers: Record<string, string> = {}) =>
    client.call({ method, protocol: "json", body: Buffer.from(text), token: user, headers });
  const assertTooManyValues = (answer: Answer) => {
    assert.equal(answer.refusal?.reason, Reason.INVALID_ARGUMENT, answer.message);
    assert.match(
      String(answer.refusal?.violations[0]?.description),
      /^must have at most \d+ values/,
    );
  };

  it("refuse a body with too many values before they are decoded, in every encoding", async () => {
    const text = `{"a":[${"{},".repeat(5_000)}{}]}`;
    assertTooManyValues(await json(getUser, text));
    const empty = Buffer.from([0x1a, 0]);
    const lines = Buffer.concat(Array.from({ length: 20_000 }, () => empty));
    for (const protocol of ["connect", "grpc", "grpc-web"] as const) {
      assertTooManyValues(
        await client.call({ method: quoteOrder, protocol, request: lines, token: user }),
      );
    }
    const packed = Buffer.from([0x22, 0xa0, 0x9c, 0x01, ...Array(20_000).fill(1)]);
    assertTooManyValues(
      await client.call({ method: listGoods, protocol: "connect", request: packed }),
    );
    const body = frame(gzipSync(lines.subarray(0, 30_000)), { compressed: 1 });
    const headers = { "grpc-encoding": "gzip" };
    const zipped = { method: quoteOrder, protocol: "grpc", body, headers, token: user } as const;
    const answer = await client.call(zipped);
    assert.equal(answer.code, "RESOURCE_EXHAUSTED", answer.message);
    // Content types are compared without case.
    const shouted = { "content-type": "application/GRPC+Proto" };
    const call = { method: quoteOrder, protocol: "grpc", request: lines, token: user } as const;
    assertTooManyValues(await client.call({ ...call, headers: shouted }));
  });

  it("accept as many values as the contract allows", async () => {
    const ids = Array.from({ length: 1_000 }, (_, index) => BigInt(index) + (1n << 60n));
    const lines = ids.map((goodsId) => ({
      goodsId,
      quantity: 999n,
      unitPriceCents: 12_345n,
      name: "A lantern that glows in the dark",
      sku: "LANTERN-GLOWING-0001",
    }));
    const bytes = toBinary(
      ListGoodsRequestSchema,
      create(ListGoodsRequestSchema, { goodsIds: ids }),
    );
    const text = JSON.stringify({ goodsIds: ids.map(String) });
    // No service is there to answer, so a request that is passed on is UNAVAILABLE.
    const assertPassed = ({ code, message }: Answer) => assert.equal(code, "UNAVAILABLE", message);
    assertPassed(await client.call({ method: listGoods, protocol: "grpc", request: bytes }));
    assertPassed(await json(listGoods, text));
    assertPassed(await json(listGoods, gzipSync(text), { "content-encoding": "gzip" }));
    const placeOrder = methodNamed("order PlaceOrder");
    const order = create(PlaceOrderRequestSchema, { requestId: "1", lines });
    for (const protocol of ["json", "grpc"] as const) {
      assertPassed(
        await client.call({ method: placeOrder, protocol, request: order, token: user }),
      );
    }
  });

  it("refuse a body that unpacks to many times its size", async () => {
    const body = gzipSync(`{"lines":[${"{},".repeat(60_000)}{}]}`, { level: 9 });
    const answer = await json(quoteOrder, body, { "content-encoding": "gzip" });
    assert.equal(answer.code, "RESOURCE_EXHAUSTED", answer.message);
    const lines = Buffer.alloc(100_000, Buffer.from([0x12, 0]));
    const message = gzipSync(lines, { level: 9 }).toString("base64url");
    const query = `connect=v1&encoding=proto&base64=1&compression=gzip&message=${message}`;
    const got = await client.wires[1].send({
      path: `${quoteOrder.path}?${query}`,
      method: "GET",
      headers: { authorization: `Bearer ${user}` },
    });
    assert.equal(got.http, 429, got.body.toString());
  });

  it("refuse JSON that is nested deep in words of their own", async () => {
    for (const depth of [33, 10_000, 30_000]) {
      for (const text of [`${"[".repeat(depth)}${"]".repeat(depth)}`, "[".repeat(depth)]) {
        const { refusal, message } = await json(getUser, `{"a":1234567890123456,"b":${text}`);
        assert.equal(refusal?.reason, Reason.INVALID_ARGUMENT);
        assert.equal(
          refusal?.violations[0]?.description,
          "must be nested at most 32 deep",
          message,
        );
      }
    }
  });

  it("do not count a call until its body is in, and leave other networks their places", async () => {
    const port = Number(new URL(edge.url).port);
    const begin = (session: ClientHttp2Session) => {
      const headers = {
        ":method": "POST",
        ":path": getUser.path,
        "content-type": "application/json",
        authorization: `Bearer ${user}`,
      };
      return session.request(headers).on("error", () => {});
    };
    // More than the gateway has places.
    const sessions = Array.from({ length: 5 }, () => {
      const socket = connect({ port, host: "127.0.0.1", localAddress: "127.0.0.9" });
      return connect2(edge.url, { createConnection: () => socket }).on("error", () => {});
    });
    const open = sessions.flatMap((session) => Array.from({ length: 250 }, () => begin(session)));
    // One that is beyond the network's part is answered when those before it have arrived.
    await once(open.at(-1) as NonNullable<(typeof open)[0]>, "response");
    const request = { userId: USER_ID };
    const calls = Array.from({ length: 60 }, () =>
      client.call({ method: getUser, protocol: "json", request, token: user }),
    );
    for (const { code, message } of await Promise.all(calls)) assert.equal(code, "OK", message);
    const answers = open.slice(0, 60).map(async (stream) => {
      stream.end(`{"userId":"${USER_ID}"}`);
      const [fields] = await once(stream, "response");
      stream.resume();
      return fields[":status"];
    });
    for (const status of await Promise.all(answers)) assert.equal(status, 200);
    for (const session of sessions) session.destroy();
  });

  it("count large requests and pages as several calls", async () => {
    const limited = await startEdge({ env: { SHOP_RATE_PER_ADDRESS: "40" } });
    const own = gatewayClient(limited.url);
    try {
      const page = () => fetch(`${limited.url}/docs/swagger-ui-bundle.js`);
      assert.equal((await page()).status, 200);
      const refused = await page();
      assert.equal(refused.status, 429);
      assert.ok(Number(refused.headers.get("retry-after")) > 0);
      const answer = await own.call({ method: login, protocol: "json" });
      assert.deepEqual(answer.refusal?.metadata.cause, "address");
    } finally {
      own.close();
      await limited.stop();
    }
  });

  it("are a part of the gateway's own, as SHOP_NETWORK_SHARE sets it", async () => {
    const narrow = await startEdge({ env: { SHOP_NETWORK_SHARE: "1" } });
    const session = connect2(narrow.url);
    session.on("error", () => {});
    try {
      // 1 % of 3,024 requests.
      const streams = Array.from({ length: 40 }, () => {
        const headers = {
          ":method": "POST",
          ":path": login.path,
          "content-type": "application/json",
        };
        return session.request(headers).on("error", () => {});
      });
      const statuses: number[] = [];
      for (const stream of streams)
        stream.once("response", (fields) => statuses.push(fields[":status"] ?? 0));
      await once(streams[39] as NonNullable<(typeof streams)[0]>, "response");
      assert.deepEqual(statuses, Array(10).fill(429));
    } finally {
      session.destroy();
      await narrow.stop();
    }
  });
});
