import assert from "node:assert/strict";
import { DurationSchema, FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { ListGoodsRequestSchema } from "#proto/shop/goods/v1/goods_pb.ts";
import { PlaceOrderRequestSchema } from "#proto/shop/order/v1/order_pb.ts";
import { HandleCallbackRequestSchema } from "#proto/shop/pay/v1/pay_pb.ts";
import { exactJsonOf } from "./exact-json.ts";

type Message = Parameters<typeof exactJsonOf>[0];

function accepts(message: Message, value: unknown): boolean {
  try {
    exactJsonOf(message).decode(Buffer.from(JSON.stringify(value)));
    return true;
  } catch (error) {
    assert.ok(error instanceof ConnectError);
    return false;
  }
}

describe("JSON that a parser would change", () => {
  it("is refused with the path of its field", () => {
    const request = { lines: [{ goodsId: "1" }, { goodsId: "1", quantity: "01" }] };
    assert.throws(
      () => exactJsonOf(PlaceOrderRequestSchema).decode(Buffer.from(JSON.stringify(request))),
      /lines\[1\]\.quantity must be a whole number/,
    );
    assert.equal(accepts(ListGoodsRequestSchema, { goods_ids: ["1", " 2"] }), false);
    assert.equal(accepts(ListGoodsRequestSchema, { goods_ids: ["1", "2"], query: " 2" }), true);
  });

  it("is base64 that no encoder writes", () => {
    for (const body of ["", "YQ==", "YQ", "-_-_", "+/+/", "YWI="]) {
      assert.equal(accepts(HandleCallbackRequestSchema, { body }), true, body);
    }
    for (const body of ["YR==", "Y Q==", "YQ=", "YQ==\n", "Y", "+_+_", "YQ==YQ==", "*"]) {
      assert.equal(accepts(HandleCallbackRequestSchema, { body }), false, body);
    }
  });

  it("is a field mask with blanks, gaps or other spellings", () => {
    for (const mask of ["", "name", "name,unitPriceCents", "a.bC"]) {
      assert.equal(accepts(FieldMaskSchema, mask), true, mask);
    }
    for (const mask of [" name", "name,", ",", "name,,sku", "unit_price", "Name", "a..b"]) {
      assert.equal(accepts(FieldMaskSchema, mask), false, mask);
    }
  });

  it("is a duration by another notation", () => {
    for (const text of ["0s", "1.5s", "-3s", "1.000000001s"]) {
      assert.equal(accepts(DurationSchema, text), true, text);
    }
    for (const text of ["1", "01s", "+1s", "1.s", "1.0000000001s", "1e3s", " 1s", "1S", ".5s"]) {
      assert.equal(accepts(DurationSchema, text), false, text);
    }
  });
});
