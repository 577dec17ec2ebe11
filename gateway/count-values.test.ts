import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { ListGoodsRequestSchema } from "#proto/shop/goods/v1/goods_pb.ts";
import { PlaceOrderRequestSchema } from "#proto/shop/order/v1/order_pb.ts";
import { excessOfBinary, excessOfJson } from "./count-values.ts";

describe("the values of a request", () => {
  it("are counted in JSON without those that strings only look like", () => {
    assert.equal(excessOfJson('{"a":[1,2,3]}', 4), undefined);
    assert.match(excessOfJson('{"a":[1,2,3,4]}', 4) ?? "", /at most 4 values/);
    assert.equal(excessOfJson('{"a,[{\\",[{":"\\\\","b":",,,,"}', 2), undefined);
    assert.equal(excessOfJson('"never closed,,,,', 0), undefined);
    assert.match(excessOfJson(`${"[".repeat(33)}`, 100) ?? "", /at most 32 deep/);
    assert.equal(excessOfJson("[[]],".repeat(30), 1_000), undefined);
  });

  it("are counted in binary with those of messages within and of packed lists", () => {
    const lines = Array.from({ length: 10 }, () => ({ goodsId: 1n, quantity: 2n }));
    const order = toBinary(PlaceOrderRequestSchema, create(PlaceOrderRequestSchema, { lines }));
    assert.equal(excessOfBinary(PlaceOrderRequestSchema, order, 30), undefined);
    assert.match(excessOfBinary(PlaceOrderRequestSchema, order, 29) ?? "", /at most 29 values/);
    const ids = { goodsIds: Array.from({ length: 20 }, (_, index) => BigInt(index) << 40n) };
    const list = toBinary(ListGoodsRequestSchema, create(ListGoodsRequestSchema, ids));
    assert.equal(excessOfBinary(ListGoodsRequestSchema, list, 21), undefined);
    assert.match(excessOfBinary(ListGoodsRequestSchema, list, 20) ?? "", /at most 20 values/);
  });

  it("of a malformed message are left to the decoder", () => {
    for (const bytes of [[0x1a, 0xff], [0x0f], [0x1a, 0x7f, 1], [0xff]]) {
      assert.equal(excessOfBinary(PlaceOrderRequestSchema, Uint8Array.from(bytes), 10), undefined);
    }
  });
});
