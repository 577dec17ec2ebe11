import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { GetGoodsRequestSchema } from "#proto/shop/goods/v1/goods_pb.ts";
import { callHttp2, frame } from "../../../testbed/calls/http2-call.ts";
import { newGoods } from "../../../testbed/orders/fixtures.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";

const MIB = 1024 * 1024;

describe("HTTP/2 frames sent to a service", function () {
  this.timeout(startMs);
  let address: string;
  let body: Uint8Array;
  before(async () => {
    const shop = await sharedShop();
    address = shop.addresses.goods;
    const { goodsId } = await newGoods(shop);
    body = toBinary(GetGoodsRequestSchema, create(GetGoodsRequestSchema, { goodsId }));
  });

  const call = (framed: Uint8Array, headers: Record<string, string> = {}) =>
    callHttp2(address, { path: "/shop.goods.v1.GoodsService/GetGoods", headers, body: framed });

  it("are OK when they hold a valid call", async () => {
    assert.equal((await call(frame(body))).grpc, status.OK);
  });

  // In 32-bit milliseconds some of these would overflow.
  for (const timeout of ["99999999H", "99999999M", "9999999H", "1H"]) {
    it(`are OK with a deadline of ${timeout}, which is clamped`, async () => {
      assert.equal((await call(frame(body), { "grpc-timeout": timeout })).grpc, status.OK);
    });
  }

  for (const timeout of ["", "1", "S", "-1S", "1.5S", "1e3S", "100000000H", "1D", "NaNm"]) {
    it(`are INVALID_ARGUMENT with the deadline "${timeout}"`, async () => {
      const { grpc } = await call(frame(body), { "grpc-timeout": timeout });
      assert.equal(grpc, status.INVALID_ARGUMENT);
    });
  }

  it("are refused when the message is shorter than its length prefix", async () => {
    const answer = await call(frame(body, { length: 1_000 }));
    assert.ok(answer.reset || answer.grpc !== status.OK);
    assert.notEqual(answer.grpc, status.UNKNOWN);
  });

  it("are RESOURCE_EXHAUSTED with a length prefix of 4 GiB", async () => {
    const { grpc } = await call(frame(body, { length: 2 ** 32 - 1 }));
    assert.equal(grpc, status.RESOURCE_EXHAUSTED);
  });

  it("are RESOURCE_EXHAUSTED when the message decompresses to 64 MiB", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * MIB));
    const answer = await call(frame(bomb, { compressed: 1 }), { "grpc-encoding": "gzip" });
    assert.equal(answer.grpc, status.RESOURCE_EXHAUSTED);
  });

  it("are answered 415 with a content type other than gRPC", async () => {
    const answer = await call(frame(body), { "content-type": "application/json" });
    assert.equal(answer.http, 415);
  });

  it("are UNIMPLEMENTED for an unknown method", async () => {
    for (const path of [
      "/shop.goods.v1.GoodsService/DropTables",
      "/",
      "/x",
      "/a/b/c",
      "/%00/%ff",
    ]) {
      const answer = await callHttp2(address, { path, body: frame(body) });
      assert.equal(answer.grpc, status.UNIMPLEMENTED, path);
    }
  });
});
