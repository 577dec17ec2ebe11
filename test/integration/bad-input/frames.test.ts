import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { GetGoodsRequestSchema } from "#proto/shop/goods/v1/goods_pb.ts";
import { callHttp2, frame } from "../../../testbed/calls/http2-call.ts";
import { newGoods } from "../../../testbed/orders/fixtures.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";

const MIB = 1024 * 1024;

describe("frames of HTTP/2 that no client sends", function () {
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

  it("a good call is answered", async () => {
    assert.equal((await call(frame(body))).grpc, status.OK);
  });

  // In 32 bits of milliseconds two of them would be negative.
  for (const timeout of ["99999999H", "99999999M", "9999999H", "1H"]) {
    it(`a deadline of ${timeout} is cut, and not wrapped around`, async () => {
      assert.equal((await call(frame(body), { "grpc-timeout": timeout })).grpc, status.OK);
    });
  }

  for (const timeout of ["", "1", "S", "-1S", "1.5S", "1e3S", "100000000H", "1D", "NaNm"]) {
    it(`a deadline of "${timeout}" is malformed`, async () => {
      const { grpc } = await call(frame(body), { "grpc-timeout": timeout });
      assert.equal(grpc, status.INVALID_ARGUMENT);
    });
  }

  it("a message that is shorter than it says is no request", async () => {
    const answer = await call(frame(body, { length: 1_000 }));
    assert.ok(answer.reset || answer.grpc !== status.OK);
    assert.notEqual(answer.grpc, status.UNKNOWN);
  });

  it("a message of 4 GiB by its own account is refused at once", async () => {
    const { grpc } = await call(frame(body, { length: 2 ** 32 - 1 }));
    assert.equal(grpc, status.RESOURCE_EXHAUSTED);
  });

  it("a little that unpacks to very much is RESOURCE_EXHAUSTED", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * MIB));
    const answer = await call(frame(bomb, { compressed: 1 }), { "grpc-encoding": "gzip" });
    assert.equal(answer.grpc, status.RESOURCE_EXHAUSTED);
  });

  it("another content type is not gRPC", async () => {
    const answer = await call(frame(body), { "content-type": "application/json" });
    assert.equal(answer.http, 415);
  });

  it("a method that does not exist is UNIMPLEMENTED", async () => {
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
