import assert from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Reason } from "#platform/values/refusal.ts";
import {
  OrderStatus,
  PlaceOrderRequestSchema,
  PlaceOrderResponseSchema,
} from "#proto/shop/order/v1/order_pb.ts";
import { token } from "../../../testbed/calls/callers.ts";
import { type RawAnswer, type RawClient, rawClient } from "../../../testbed/calls/raw-call.ts";
import { outcome, refused } from "../../../testbed/calls/refused.ts";
import { eventually } from "../../../testbed/eventually.ts";
import {
  ADDRESS,
  newCoupon,
  newGoods,
  newKey,
  newShopper,
  type PlaceRequest,
  placeRequest,
} from "../../../testbed/orders/fixtures.ts";
import { quiet, snapshot } from "../../../testbed/orders/snapshot.ts";
import { type Replica, startReplica } from "../../../testbed/shop/replica.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

const CLIENTS = 50;

describe("repeated PlaceOrder requests", function () {
  this.timeout(startMs);
  let shop: Shop;
  let replica: Replica;
  let clients: RawClient[];
  before(async () => {
    shop = await sharedShop();
    replica = await startReplica(shop, "order");
    clients = Array.from({ length: CLIENTS }, (_, index) =>
      rawClient(index % 2 === 0 ? shop.addresses.order : replica.address),
    );
  });
  after(async () => {
    for (const client of clients ?? []) client.close();
    await replica?.stop();
  });

  const ordersOf = (userId: bigint) =>
    shop.sql("order", "select order_id, order_status from orders where user_id = ?", [userId]);
  const stockOf = async (goodsId: bigint) =>
    (await shop.admin.goods.getGoods({ goodsId })).goods?.stock;
  /** A shopper with a request for 2 units that redeems a coupon and spends some balance. */
  const newRequest = async () => {
    const shopper = await newShopper(shop, { balanceCents: 5_000n });
    const goods = await newGoods(shop, { stock: 10n });
    const { couponId } = await newCoupon(shop, shopper.userId);
    const spending = { couponId, balanceCents: 300n };
    const request = placeRequest({ userId: shopper.userId, lines: [[goods, 2n]] }, spending);
    return { ...shopper, goods, couponId, request };
  };
  const placeFromAll = async (userId: bigint, requests: (client: number) => PlaceRequest) => {
    const own = await token("user", String(userId));
    const placing = clients.map((client, index) => {
      const message = create(PlaceOrderRequestSchema, requests(index));
      const bytes = toBinary(PlaceOrderRequestSchema, message);
      return client.unary("/shop.order.v1.OrderService/PlaceOrder", bytes, { token: own });
    });
    return Promise.all(placing);
  };

  it(`make one order with one answer, from ${CLIENTS} clients of two replicas`, async () => {
    for (let round = 0; round < 5; round += 1) {
      const { userId, calls, goods, request } = await newRequest();
      const answers = await placeFromAll(userId, () => request);
      const first = answers[0]?.bytes ?? assert.fail(answers[0]?.details);
      for (const answer of answers) {
        assert.ok(answer.bytes?.equals(first), `answered ${answer.code} ${answer.details}`);
      }
      const { order } = fromBinary(PlaceOrderResponseSchema, first);
      assert.equal(order?.orderStatus, OrderStatus.CONFIRMED);
      assert.deepEqual(await ordersOf(userId), [{ order_id: order.orderId, order_status: 2 }]);
      assert.equal(await stockOf(goods.goodsId), 8n);
      const { user } = await calls.user.getUser({});
      assert.equal(user?.balanceCents, 4_700n);
    }
  });

  it("make one order if half of the clients send other contents under the key", async () => {
    const { userId, goods, request } = await newRequest();
    const other = { ...request, address: { ...ADDRESS, consignee: "Grace Hopper" } };
    const wantsFirst = (client: number) => client % 4 < 2;
    const answers = await placeFromAll(userId, (client) => (wantsFirst(client) ? request : other));
    const reused = ({ refusal }: RawAnswer) => refusal?.reason === Reason.REQUEST_ID_REUSED;
    // Either request may be first. Its repetitions get the order, and the others are refused.
    const firstWon = answers[0]?.code === 0;
    for (const [client, answer] of answers.entries()) {
      const wins = wantsFirst(client) === firstWon;
      assert.ok(wins ? answer.code === 0 : reused(answer), `${client}: ${answer.details}`);
    }
    assert.equal((await ordersOf(userId)).length, 1);
    assert.equal(await stockOf(goods.goodsId), 8n);
  });

  it("are refused with REQUEST_ID_REUSED for any other contents, without an effect", async () => {
    const { userId, calls, goods, request } = await newRequest();
    const extra = await newGoods(shop);
    const { couponId } = await newCoupon(shop, userId);
    await calls.order.placeOrder(request);
    await quiet(shop);
    const before = await snapshot(shop);
    const { requestId, address, balanceCents } = request;
    const lines = (...items: [goods: typeof goods, quantity: bigint][]) =>
      placeRequest(
        { userId, lines: items },
        { requestId, couponId: request.couponId, balanceCents },
      );
    const others: Partial<PlaceRequest>[] = [
      lines([goods, 3n]),
      lines([extra, 2n]),
      lines([goods, 2n], [extra, 1n]),
      { couponId },
      { couponId: 0n },
      { balanceCents: 0n },
      { balanceCents: 301n },
      { address: { ...address, consignee: "Grace Hopper" } },
      { address: { ...address, mobile: "1" } },
      { address: { ...address, text: `${address.text} ` } },
      // The same characters, divided differently between two fields.
      { address: { ...address, consignee: `${address.consignee}${address.mobile}`, mobile: "0" } },
    ];
    for (const other of others) {
      const again = calls.order.placeOrder({ ...request, ...other });
      await refused(again, Reason.REQUEST_ID_REUSED);
    }
    assert.deepEqual(await snapshot(shop), before);
  });

  it("are independent orders if two users choose the same key", async () => {
    const [one, other] = [await newRequest(), await newRequest()];
    const first = await one.calls.order.placeOrder(one.request);
    const sameKey = { ...other.request, requestId: one.request.requestId };
    const second = await other.calls.order.placeOrder(sameKey);
    assert.notEqual(first.order?.orderId, second.order?.orderId);
    assert.equal(second.order?.userId, other.userId);
    assert.equal((await ordersOf(other.userId)).length, 1);
  });

  it("get the first refusal even with new stock; a new key gets the order", async () => {
    const { userId, calls, goods, request } = await newRequest();
    const tooMany = placeRequest({ userId, lines: [[goods, 11n]] }, { requestId: newKey() });
    const first = await refused(calls.order.placeOrder(tooMany), Reason.STOCK_NOT_ENOUGH);
    assert.equal(first.metadata.available, "10");
    const { goodsId } = goods;
    await shop.admin.goods.adjustStock({ requestId: newKey(), goodsId, delta: 90n });
    for (const caller of [calls, replica.user(userId), shop.admin]) {
      const again = await refused(caller.order.placeOrder(tooMany), Reason.STOCK_NOT_ENOUGH);
      assert.deepEqual(again.metadata, first.metadata);
    }
    assert.equal(await stockOf(goodsId), 100n);
    await calls.order.placeOrder({ ...tooMany, requestId: newKey() });
    await calls.order.placeOrder(request);
    assert.equal(await stockOf(goodsId), 87n);
  });

  it("are new requests after one that was malformed", async () => {
    const { calls, request } = await newRequest();
    const wrongFee = { ...request, shippingFeeCents: 1n };
    await refused(calls.order.placeOrder(wrongFee), Reason.SHIPPING_FEE_INVALID);
    await calls.order.placeOrder(request);
  });

  it("make one order if the second reaches another replica during the first", async () => {
    const { userId, calls, goods, request } = await newRequest();
    shop.freeze("goods");
    const first = calls.order.placeOrder(request);
    let second: typeof first;
    try {
      await eventually(async () => assert.equal((await ordersOf(userId)).length, 1));
      second = replica.user(userId).order.placeOrder(request);
      const other = { ...request, balanceCents: 1n };
      await refused(replica.user(userId).order.placeOrder(other), Reason.REQUEST_ID_REUSED);
      // The second request waits for the outcome of the first.
      assert.equal(await Promise.race([second, Promise.resolve("waits")]), "waits");
    } finally {
      shop.thaw("goods");
    }
    assert.deepEqual(await second, await first);
    assert.equal((await ordersOf(userId)).length, 1);
    assert.equal(await stockOf(goods.goodsId), 8n);
  });

  it("get the order as it is now if it was cancelled since", async () => {
    const { calls, request } = await newRequest();
    const { order } = await calls.order.placeOrder(request);
    await calls.order.cancelOrder({ orderId: order?.orderId ?? 0n });
    const again = await calls.order.placeOrder(request);
    assert.equal(again.order?.orderId, order?.orderId);
    assert.equal(again.order?.orderStatus, OrderStatus.CANCELLED);
  });

  for (const requestId of [`'"\\;--%_\`?`, "x".repeat(64), "0", "NULL", "a'||'b"]) {
    it(`are recognised by the key ${requestId}`, async () => {
      const { userId, calls, request } = await newRequest();
      const { order } = await calls.order.placeOrder({ ...request, requestId });
      const again = await calls.order.placeOrder({ ...request, requestId });
      assert.equal(again.order?.orderId, order?.orderId);
      const otherCase = { ...request, requestId: requestId.toUpperCase(), couponId: 0n };
      const same = requestId === requestId.toUpperCase();
      const expected = same ? "REQUEST_ID_REUSED" : "ok";
      assert.equal(await outcome(calls.order.placeOrder(otherCase)), expected);
      assert.equal((await ordersOf(userId)).length, same ? 1 : 2);
    });
  }
});
