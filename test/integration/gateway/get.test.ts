import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import {
  GetGoodsRequestSchema,
  GetGoodsResponseSchema,
  GoodsService,
} from "#proto/shop/goods/v1/goods_pb.ts";
import { OrderService } from "#proto/shop/order/v1/order_pb.ts";
import { UserService } from "#proto/shop/user/v1/user_pb.ts";
import { token } from "../../../testbed/calls/callers.ts";
import { gatewayClient } from "../../../testbed/calls/gateway-call.ts";
import { newGoods, newShopper } from "../../../testbed/orders/fixtures.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

const GET_GOODS = `/${GoodsService.typeName}/GetGoods`;
const LIST_GOODS = `/${GoodsService.typeName}/ListGoods`;
const GET_USER = `/${UserService.typeName}/GetUser`;

describe("Connect GET at the gateway", function () {
  this.timeout(startMs);
  let shop: Shop;
  let goodsId: bigint;
  let bearer: string;
  before(async () => {
    shop = await sharedShop();
    ({ goodsId } = await newGoods(shop));
    const { userId } = await newShopper(shop);
    bearer = await token("user", String(userId));
  });

  const json = (message: object) =>
    `?connect=v1&encoding=json&message=${encodeURIComponent(JSON.stringify(message))}`;
  const goods = () => json({ goodsId: String(goodsId) });
  async function get(target: string, headers: Record<string, string> = {}) {
    const response = await fetch(shop.gatewayUrl + target, { headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }
  /** Asserts INVALID_ARGUMENT with a violation of this field. */
  async function assertRefused(query: string, field: string) {
    const { status, headers, text } = await get(GET_GOODS + query);
    assert.equal(status, 400, `${query}: ${text}`);
    assert.equal(headers.get("cache-control"), "no-store");
    const { details } = JSON.parse(text) as { details: { type: string; debug: unknown }[] };
    assert.match(JSON.stringify(details), new RegExp(`"field":"${field}"`), query);
  }

  it("answers like POST, in JSON and binary, also compressed", async () => {
    const posted = await fetch(shop.gatewayUrl + GET_GOODS, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ goodsId: String(goodsId) }),
    });
    const body = await posted.text();
    assert.equal(posted.headers.get("cache-control"), "no-store");
    assert.equal((await get(GET_GOODS + goods())).text, body);
    const zipped = gzipSync(JSON.stringify({ goodsId: String(goodsId) })).toString("base64url");
    const query = `?connect=v1&base64=1&compression=gzip&encoding=json&message=${zipped}`;
    assert.equal((await get(GET_GOODS + query)).text, body);
    const bytes = toBinary(GetGoodsRequestSchema, create(GetGoodsRequestSchema, { goodsId }));
    const message = Buffer.from(bytes).toString("base64url");
    const binary = await fetch(
      `${shop.gatewayUrl}${GET_GOODS}?base64=1&encoding=proto&message=${message}`,
    );
    const answer = fromBinary(GetGoodsResponseSchema, new Uint8Array(await binary.arrayBuffer()));
    assert.equal(answer.goods?.goodsId, goodsId);
  });

  it("serves Connect clients that prefer GET", async () => {
    const transport = createConnectTransport({
      baseUrl: shop.gatewayUrl,
      httpVersion: "1.1",
      useHttpGet: true,
    });
    const answer = await createClient(GoodsService, transport).getGoods({ goodsId });
    assert.equal(answer.goods?.goodsId, goodsId);
    const headers = { authorization: `Bearer ${bearer}` };
    const { orders } = await createClient(OrderService, transport).listOrders({}, { headers });
    assert.deepEqual(orders, []);
  });

  it("is not for methods that change something", async () => {
    for (const path of [`${OrderService.typeName}/PlaceOrder`, `${UserService.typeName}/Login`]) {
      const { status, headers } = await get(`/${path}${json({})}`);
      assert.deepEqual([status, headers.get("allow")], [405, "POST"]);
    }
    const response = await fetch(shop.gatewayUrl + GET_GOODS, { method: "DELETE" });
    assert.deepEqual([response.status, response.headers.get("allow")], [405, "POST, GET"]);
  });

  it("requires the same token as POST, and its answers are not kept", async () => {
    const anonymous = await get(GET_USER + json({}));
    assert.equal(anonymous.status, 401);
    const known = await get(GET_USER + json({}), { authorization: `Bearer ${bearer}` });
    assert.equal(known.status, 200);
    const forged = await get(GET_GOODS + goods(), { authorization: "Bearer nothing" });
    assert.equal(forged.status, 401);
    for (const { headers } of [anonymous, known, forged]) {
      assert.equal(headers.get("cache-control"), "no-store");
      assert.equal(headers.get("etag"), null);
    }
  });

  it("counts a cookie only with an allowed Origin", async () => {
    const cookie = `shop_access=${bearer}`;
    assert.equal((await get(GET_USER + json({}), { cookie })).status, 401);
    const own = await get(GET_USER + json({}), { cookie, origin: shop.gatewayUrl });
    assert.equal(own.status, 200);
    assert.equal(own.headers.get("cache-control"), "no-store");
    const foreign = await get(GET_USER + json({}), { cookie, origin: "https://evil.example" });
    assert.equal(foreign.status, 403);
    const preflight = await fetch(shop.gatewayUrl + GET_USER, {
      method: "OPTIONS",
      headers: {
        origin: shop.gatewayUrl,
        "access-control-request-method": "GET",
        "access-control-request-headers": "authorization",
      },
    });
    assert.match(preflight.headers.get("access-control-allow-methods") ?? "", /GET/);
  });

  it("lets caches keep the public catalogue for a moment, and answers 304 to its ETag", async () => {
    const origins: Record<string, string>[] = [{}, { origin: shop.gatewayUrl }];
    for (const target of [GET_GOODS + goods(), LIST_GOODS + json({ pageSize: 1 })]) {
      for (const origin of origins) {
        const first = await get(target, origin);
        assert.equal(first.status, 200);
        assert.match(first.headers.get("cache-control") ?? "", /^public, max-age=\d{1,2}$/);
        const vary = (first.headers.get("vary") ?? "").toLowerCase().split(/, */);
        for (const name of ["authorization", "cookie", "origin", "accept-encoding"]) {
          assert.ok(vary.includes(name), name);
        }
        const etag = first.headers.get("etag") ?? assert.fail("no etag");
        for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
          const again = await get(target, { ...origin, "if-none-match": tags });
          assert.deepEqual([again.status, again.text], [304, ""], tags);
          for (const name of ["etag", "cache-control", "vary"]) {
            assert.equal(again.headers.get(name), first.headers.get(name), name);
          }
          const allowed = again.headers.get("access-control-allow-origin");
          assert.equal(allowed, origin.origin ?? null);
        }
        const other = await get(target, { ...origin, "if-none-match": '"other"' });
        assert.equal(other.text, first.text);
      }
    }
  });

  it("has a new ETag when the goods change", async () => {
    const changing = await newGoods(shop);
    const target = GET_GOODS + json({ goodsId: String(changing.goodsId) });
    const etag = (await get(target)).headers.get("etag") ?? assert.fail("no etag");
    await shop.admin.goods.updateGoods({
      goodsId: changing.goodsId,
      name: "another name",
      updateMask: { paths: ["name"] },
    });
    const after = await get(target, { "if-none-match": etag });
    assert.equal(after.status, 200);
    assert.match(after.text, /another name/);
  });

  it("keeps nothing that a token or a cookie may have changed, and no error", async () => {
    const etag = (await get(GET_GOODS + goods())).headers.get("etag") ?? assert.fail("no etag");
    const cases: [string, Record<string, string>, number][] = [
      [GET_GOODS + goods(), { authorization: `Bearer ${bearer}` }, 200],
      [GET_GOODS + goods(), { cookie: `shop_access=${bearer}` }, 200],
      [GET_GOODS + goods(), { cookie: "shop_access=nothing", origin: shop.gatewayUrl }, 200],
      [GET_GOODS + json({ goodsId: "1" }), {}, 404],
    ];
    for (const [target, headers, expected] of cases) {
      const answer = await get(target, { ...headers, "if-none-match": etag });
      assert.equal(answer.status, expected);
      assert.equal(answer.headers.get("cache-control"), "no-store");
      assert.equal(answer.headers.get("etag"), null);
    }
  });

  it("refuses a query that would be changed", async () => {
    const message = encodeURIComponent(JSON.stringify({ goodsId: String(goodsId) }));
    await assertRefused("?connect=v1&encoding=json", "message");
    await assertRefused(`?encoding=json&message=${message}&message=${message}`, "message");
    await assertRefused(`?encoding=json&mess%61ge=${message}&message=${message}`, "message");
    await assertRefused("?encoding=json&message=%FF", "message");
    await assertRefused("?encoding=json&message=%ED%A0%80", "message");
    await assertRefused("?encoding=json&message=%7", "message");
    await assertRefused("?encoding=proto&base64=1&message=%21", "message");
    await assertRefused("?encoding=proto&base64=1&message=CAF", "message");
    await assertRefused(`?connect=v2&encoding=json&message=${message}`, "connect");
    await assertRefused(`?base64=true&encoding=json&message=${message}`, "base64");
    await assertRefused("?encoding=json&message=%7B%22goodsId%22%3A%2201%22%7D", "goodsId");
    await assertRefused("?encoding=json&base64=1&compression=gzip&message=AAAA", "request");
  });

  it("bounds the URL, and refuses characters that are not percent-encoded", async () => {
    const client = gatewayClient(shop.gatewayUrl);
    try {
      for (const http of [1, 2] as const) {
        const send = (path: string) => client.wires[http].send({ path, method: "GET" });
        const long = await send(`${GET_GOODS}?encoding=json&message=${"%20".repeat(3_000)}`);
        assert.equal(long.http, 414, `HTTP/${http}`);
        const cut = await send(`${GET_GOODS}${goods()}#%00`);
        assert.equal(cut.http, 400, `HTTP/${http}`);
        const foreign = await send(`${GET_GOODS}${goods()}\u00e9`);
        assert.equal(foreign.http, 400, `HTTP/${http}`);
      }
    } finally {
      client.close();
    }
  });
});
