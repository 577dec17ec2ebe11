import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { Reason } from "#platform/values/refusal.ts";
import {
  CancelReason,
  type Order,
  OrderStatus,
  PayStatus,
  WatchOrderRequestSchema,
} from "#proto/shop/order/v1/order_pb.ts";
import { token } from "../../../testbed/calls/callers.ts";
import { rawClient } from "../../../testbed/calls/raw-call.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import { eventually } from "../../../testbed/eventually.ts";
import {
  newCoupon,
  newGoods,
  newId,
  newKey,
  newShopper,
  placeRequest,
  type Shopper,
} from "../../../testbed/orders/fixtures.ts";
import { quiet, snapshot } from "../../../testbed/orders/snapshot.ts";
import { type Replica, startReplica } from "../../../testbed/shop/replica.ts";
import { startMs } from "../../../testbed/shop/shared-shop.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

describe("orders over time", function () {
  this.timeout(startMs);
  let shop: Shop;
  /** A replica whose orders must be paid within a second. */
  let hasty: Replica;
  before(async () => {
    shop = await startShop();
    hasty = await startReplica(shop, "order", { SHOP_PAY_DEADLINE_SECONDS: "1" });
  });
  after(async () => {
    await hasty?.stop();
    await shop?.stop();
  });

  const place = async (shopper: Shopper): Promise<Order> => {
    const goods = await newGoods(shop);
    const request = placeRequest({ userId: shopper.userId, lines: [[goods, 1n]] });
    const { order } = await shopper.calls.order.placeOrder(request);
    return order ?? assert.fail("no order");
  };
  /** Watches an order: `seen` is what the stream sent, `ended` settles when the server ends it. */
  const watch = (calls: Shopper["calls"], orderId: bigint, signal?: AbortSignal) => {
    const seen: Order[] = [];
    const ended = (async () => {
      for await (const { order } of calls.order.watchOrder({ orderId }, signal ? { signal } : {})) {
        seen.push(order ?? assert.fail("no order"));
      }
    })();
    return { seen, ended };
  };
  const hasSeen = (watcher: { seen: Order[] }, count: number) =>
    eventually(() => assert.equal(watcher.seen.length, count));

  describe("WatchOrder", () => {
    it("sends the order at once and after each transition until it is finished", async () => {
      const shopper = await newShopper(shop);
      const order = await place(shopper);
      const watcher = watch(shopper.calls, order.orderId);
      await hasSeen(watcher, 1);
      assert.deepEqual(watcher.seen[0], order);
      const { order: cancelled } = await shopper.calls.order.cancelOrder({
        orderId: order.orderId,
      });
      await watcher.ended;
      assert.deepEqual(watcher.seen, [order, cancelled]);
    });

    it("sends a finished order once and ends", async () => {
      const shopper = await newShopper(shop);
      const { orderId } = await place(shopper);
      const { order } = await shopper.calls.order.cancelOrder({ orderId });
      const watcher = watch(shopper.calls, orderId);
      await watcher.ended;
      assert.deepEqual(watcher.seen, [order]);
    });

    it("reaches all of 40 watchers on two replicas", async () => {
      const shopper = await newShopper(shop);
      const { orderId } = await place(shopper);
      const otherReplica = hasty.user(shopper.userId);
      const watchers = Array.from({ length: 40 }, (_, index) =>
        watch(index % 2 === 0 ? shopper.calls : otherReplica, orderId),
      );
      await Promise.all(watchers.map((watcher) => hasSeen(watcher, 1)));
      const { order } = await shopper.calls.order.cancelOrder({ orderId });
      await Promise.all(watchers.map(({ ended }) => ended));
      for (const { seen } of watchers) assert.deepEqual(seen.slice(1), [order]);
    });

    it("ends for a client that leaves, and goes on for the others", async () => {
      const shopper = await newShopper(shop);
      const { orderId } = await place(shopper);
      const leaving = new AbortController();
      const watchers = [
        watch(shopper.calls, orderId, leaving.signal),
        watch(shopper.calls, orderId),
      ];
      await Promise.all(watchers.map((watcher) => hasSeen(watcher, 1)));
      leaving.abort();
      await assert.rejects(watchers[0]?.ended ?? Promise.resolve());
      const { order } = await shopper.calls.order.cancelOrder({ orderId });
      await watchers[1]?.ended;
      assert.deepEqual(
        watchers.map(({ seen }) => seen.length),
        [1, 2],
      );
      assert.deepEqual(watchers[1]?.seen[1], order);
    });

    it("frees the place of each client that leaves", async () => {
      const shopper = await newShopper(shop);
      const { orderId } = await place(shopper);
      const request = create(WatchOrderRequestSchema, { orderId });
      const bytes = toBinary(WatchOrderRequestSchema, request);
      const options = { token: await token("user", String(shopper.userId)) };
      // A process admits 1,024 streams. They come over several connections, because Node closes a
      // connection that resets so many.
      for (let round = 0; round < 11; round += 1) {
        const client = rawClient(shop.addresses.order);
        const watching = Array.from({ length: 100 }, () =>
          client.stream("/shop.order.v1.OrderService/WatchOrder", bytes, options),
        );
        for (const { code, details } of await Promise.all(watching)) assert.equal(code, 0, details);
        client.close();
      }
    });

    it("answers ORDER_NOT_FOUND for an unknown order and for another user's", async () => {
      const [shopper, stranger] = [await newShopper(shop), await newShopper(shop)];
      for (const orderId of [(await place(shopper)).orderId, newId()]) {
        const watcher = watch(stranger.calls, orderId);
        await refused(watcher.ended, Reason.ORDER_NOT_FOUND);
        assert.deepEqual(watcher.seen, []);
      }
    });
  });

  describe("the payment deadline", () => {
    it("cancels an unpaid order, releases everything and notifies watchers", async () => {
      const shopper = await newShopper(shop, { balanceCents: 5_000n });
      const goods = await newGoods(shop);
      const { couponId } = await newCoupon(shop, shopper.userId);
      await quiet(shop);
      const before = await snapshot(shop);
      const spending = { couponId, balanceCents: 500n };
      const request = placeRequest({ userId: shopper.userId, lines: [[goods, 3n]] }, spending);
      const { order } = await hasty.user(shopper.userId).order.placeOrder(request);
      const { orderId } = order ?? assert.fail("no order");
      const watcher = watch(shopper.calls, orderId);
      await watcher.ended;
      const last = watcher.seen.at(-1) ?? assert.fail("nothing was sent");
      assert.equal(last.orderStatus, OrderStatus.CANCELLED);
      assert.equal(last.cancelReason, CancelReason.PAYMENT_TIMEOUT);
      assert.ok(
        last.closeTime && last.payDeadline && last.closeTime.seconds >= last.payDeadline.seconds,
      );
      await quiet(shop);
      assert.deepEqual(await snapshot(shop), before);
      const { entries } = await shopper.calls.order.listOrderHistory({ orderId });
      const { actor, cause } = entries.at(-1) ?? assert.fail("no history");
      assert.deepEqual([actor, cause], ["service:order", "payment_deadline"]);
      // A cancellation by the owner comes too late and leaves the reason as it is.
      const late = await shopper.calls.order.cancelOrder({ orderId });
      assert.equal(late.order?.cancelReason, CancelReason.PAYMENT_TIMEOUT);
    });

    it("leaves alone an order that is paid or has time left", async () => {
      const shopper = await newShopper(shop, { balanceCents: 5_000n });
      const goods = await newGoods(shop);
      const { userId } = shopper;
      const calls = hasty.user(userId);
      const request = () => placeRequest({ userId, lines: [[goods, 1n]] }, { requestId: newKey() });
      const paid = await calls.order.placeOrder({ ...request(), balanceCents: 1_500n });
      const patient = await shopper.calls.order.placeOrder(request());
      const late = await calls.order.placeOrder(request());
      await watch(shopper.calls, late.order?.orderId ?? 0n).ended;
      const stands = async (orderId = 0n) => (await calls.order.getOrder({ orderId })).order;
      assert.equal((await stands(paid.order?.orderId))?.payStatus, PayStatus.PAID);
      assert.equal((await stands(paid.order?.orderId))?.orderStatus, OrderStatus.CONFIRMED);
      assert.equal((await stands(patient.order?.orderId))?.orderStatus, OrderStatus.CONFIRMED);
    });
  });
});
