import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { Reason, reasonName } from "#platform/values/refusal.ts";
import {
  CancelReason,
  OrderStatus,
  PlaceOrderRequestSchema,
} from "#proto/shop/order/v1/order_pb.ts";
import { token } from "../../../testbed/calls/callers.ts";
import { type RawAnswer, type RawClient, rawClient } from "../../../testbed/calls/raw-call.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import { eventually } from "../../../testbed/eventually.ts";
import {
  newCoupon,
  newGoods,
  newKey,
  newShopper,
  type PlaceRequest,
  placeRequest,
} from "../../../testbed/orders/fixtures.ts";
import { quiet, snapshot } from "../../../testbed/orders/snapshot.ts";
import { startMs } from "../../../testbed/shop/shared-shop.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

describe("PlaceOrder during outages and overload", function () {
  this.timeout(startMs);
  let shop: Shop;
  let orders: RawClient;
  before(async () => {
    shop = await startShop();
    orders = rawClient(shop.addresses.order);
  });
  after(async () => {
    orders?.close();
    await shop?.stop();
  });

  const place = (request: PlaceRequest, token: string): Promise<RawAnswer> => {
    const bytes = toBinary(PlaceOrderRequestSchema, create(PlaceOrderRequestSchema, request));
    const path = "/shop.order.v1.OrderService/PlaceOrder";
    return orders.unary(path, bytes, { token, withinMs: 30_000 });
  };
  const nameOf = ({ code, refusal }: RawAnswer) =>
    refusal ? reasonName(refusal.reason) : status[code];

  for (const service of ["goods", "coupon", "user"] as const) {
    it(`answers DEPENDENCY_UNAVAILABLE while ${service} is down, without an effect`, async () => {
      const { userId, calls } = await newShopper(shop, { balanceCents: 5_000n });
      const goods = await newGoods(shop);
      const { couponId } = await newCoupon(shop, userId);
      const spending = { couponId, balanceCents: 500n };
      const request = placeRequest({ userId, lines: [[goods, 2n]] }, spending);
      await quiet(shop);
      const before = await snapshot(shop);
      await shop.kill(service);
      const answer = await place(request, await token("user", String(userId)));
      assert.equal(nameOf(answer), "DEPENDENCY_UNAVAILABLE");
      assert.equal(answer.code, status.UNAVAILABLE);
      assert.equal(answer.refusal?.metadata.service, service);
      const {
        orders: [order],
      } = await calls.order.listOrders({});
      assert.equal(order?.orderStatus, OrderStatus.CANCELLED);
      assert.equal(order.cancelReason, CancelReason.PLACE_FAILED);
      assert.equal(order.failure?.reason, Reason.DEPENDENCY_UNAVAILABLE);
      await shop.restart(service);
      await quiet(shop, { withinMs: 40_000 });
      assert.deepEqual(await snapshot(shop), before);
      await refused(calls.order.placeOrder(request), Reason.DEPENDENCY_UNAVAILABLE);
      // The order service reaches the new process once its next attempt to connect is due.
      await eventually(() => calls.order.placeOrder({ ...request, requestId: newKey() }));
    });
  }

  it("answers REQUEST_IN_PROGRESS to a repetition whose deadline comes first", async () => {
    const { userId, calls } = await newShopper(shop);
    const goods = await newGoods(shop);
    const request = placeRequest({ userId, lines: [[goods, 2n]] });
    shop.freeze("goods");
    const first = calls.order.placeOrder(request);
    try {
      await eventually(async () => {
        const found = await shop.sql("order", "select 1 from orders where user_id = ?", [userId]);
        assert.equal(found.length, 1);
      });
      const soon = { deadlineMs: Date.now() + 700 };
      const again = calls.order.placeOrder(request, soon);
      await refused(again, Reason.REQUEST_IN_PROGRESS);
    } finally {
      shop.thaw("goods");
    }
    const { order } = await first;
    const repeated = await calls.order.placeOrder(request);
    assert.deepEqual(repeated.order, order);
    assert.equal((await shop.admin.goods.getGoods({ goodsId: goods.goodsId })).goods?.stock, 998n);
  });

  it("answers RATE_LIMITED at once above the queue limit, and places all the others", async () => {
    const { userId } = await newShopper(shop);
    const goods = await newGoods(shop, { stock: 10_000n });
    const own = await token("user", String(userId));
    const count = 2_300;
    shop.freeze("goods");
    const placing = Array.from({ length: count }, () =>
      place(placeRequest({ userId, lines: [[goods, 1n]] }), own),
    );
    const first = await Promise.race(placing);
    shop.thaw("goods");
    assert.equal(nameOf(first), "RATE_LIMITED");
    assert.equal(first.code, status.RESOURCE_EXHAUSTED);
    const names = (await Promise.all(placing)).map(nameOf);
    const placed = BigInt(names.filter((name) => name === "OK").length);
    const limited = names.filter((name) => name === "RATE_LIMITED").length;
    assert.equal(Number(placed) + limited, count, `all answers: ${[...new Set(names)]}`);
    const { goods: left } = await shop.admin.goods.getGoods({ goodsId: goods.goodsId });
    assert.equal(left?.stock, 10_000n - placed);
    const [saved] = await shop.sql<{ count: bigint }>(
      "order",
      "select count(*) as count from orders where user_id = ?",
      [userId],
    );
    assert.equal(saved?.count, placed);
  });
});
