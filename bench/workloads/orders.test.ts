import assert from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import { PlaceOrderRequestSchema } from "#proto/shop/order/v1/order_pb.ts";
import { REQUEST_ID_LENGTH, requestIds, requestOf, templateOf } from "./orders.ts";

const LINES = [{ goodsId: 5n, quantity: 2n, unitPriceCents: 700n }];

describe("prepared requests", () => {
  it("are the same order under another request_id", () => {
    const template = templateOf({ userId: 7n, lines: LINES, couponId: 9n, balanceCents: 200n });
    const one = fromBinary(PlaceOrderRequestSchema, requestOf(template, "1".repeat(16)));
    const other = fromBinary(PlaceOrderRequestSchema, requestOf(template, "2".repeat(16)));
    assert.equal(one.requestId, "1".repeat(16));
    assert.deepEqual({ ...other, requestId: one.requestId }, { ...one });
    assert.deepEqual([one.userId, one.couponId, one.balanceCents], [7n, 9n, 200n]);
  });

  it("contain the shop's fee and the sum", () => {
    const below = fromBinary(PlaceOrderRequestSchema, templateOf({ userId: 7n, lines: LINES }));
    assert.deepEqual([below.shippingFeeCents, below.orderAmountCents], [1_000n, 2_400n]);
    const lines = [{ goodsId: 5n, quantity: 1n, unitPriceCents: 10_000n }];
    const above = fromBinary(PlaceOrderRequestSchema, templateOf({ userId: 7n, lines }));
    assert.deepEqual([above.shippingFeeCents, above.orderAmountCents], [0n, 10_000n]);
  });

  it("have ids of one length that are unique among clients", () => {
    const [first, second] = [requestIds(0), requestIds(35)];
    const made = [first(), first(), second(), second()];
    assert.equal(new Set(made).size, 4);
    assert.ok(made.every(({ length }) => length === REQUEST_ID_LENGTH));
  });
});
