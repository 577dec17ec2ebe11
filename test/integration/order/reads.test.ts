import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import {
  CancelReason,
  type Order,
  OrderStatus,
  PayStatus,
  ShippingStatus,
} from "#proto/shop/order/v1/order_pb.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import { eventually } from "../../../testbed/eventually.ts";
import {
  ADDRESS,
  newCoupon,
  newGoods,
  newId,
  newShopper,
  placeRequest,
  type Shopper,
} from "../../../testbed/orders/fixtures.ts";
import { quiet, snapshot } from "../../../testbed/orders/snapshot.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

describe("reading and cancelling orders", function () {
  this.timeout(startMs);
  let shop: Shop;
  before(async () => {
    shop = await sharedShop();
  });

  const place = async (shopper: Shopper, quantity = 1n): Promise<Order> => {
    const goods = await newGoods(shop);
    const request = placeRequest({ userId: shopper.userId, lines: [[goods, quantity]] });
    const { order } = await shopper.calls.order.placeOrder(request);
    return order ?? assert.fail("no order");
  };
  const idsOf = (orders: Order[]) => orders.map(({ orderId }) => orderId);

  describe("GetOrder", () => {
    it("returns the order as placed to its owner, to administrators and to services", async () => {
      const shopper = await newShopper(shop);
      const [goods, other] = [await newGoods(shop), await newGoods(shop, { unitPriceCents: 3n })];
      const request = placeRequest({
        userId: shopper.userId,
        lines: [
          [other, 7n],
          [goods, 2n],
        ],
      });
      const { order: placed } = await shopper.calls.order.placeOrder(request);
      const { orderId = 0n } = placed ?? {};
      for (const caller of [shopper.calls, shop.admin, shop.service("pay")]) {
        const { order } = await caller.order.getOrder({ orderId });
        assert.deepEqual(order, placed);
      }
      assert.deepEqual(
        placed?.lines.map(({ goodsId, quantity, unitPriceCents }) => {
          return { goodsId, quantity, unitPriceCents };
        }),
        request.lines,
      );
      const { consignee, mobile, text } = placed.address ?? {};
      assert.deepEqual({ consignee, mobile, text }, ADDRESS);
      assert.equal(placed.shippingStatus, ShippingStatus.NOT_SHIPPED);
      assert.ok(placed.createTime && placed.confirmTime && placed.payDeadline);
      const secondsToPay = placed.payDeadline.seconds - placed.confirmTime.seconds;
      assert.equal(secondsToPay, 1_800n);
    });

    it("answers ORDER_NOT_FOUND alike for an unknown order and for another user's", async () => {
      const [shopper, stranger] = [await newShopper(shop), await newShopper(shop)];
      const { orderId } = await place(shopper);
      const missing = newId();
      const others = await refused(
        stranger.calls.order.getOrder({ orderId }),
        Reason.ORDER_NOT_FOUND,
      );
      const none = await refused(
        stranger.calls.order.getOrder({ orderId: missing }),
        Reason.ORDER_NOT_FOUND,
      );
      assert.equal(others.message, none.message);
      assert.deepEqual(others.metadata, { order_id: String(orderId) });
      assert.deepEqual(none.metadata, { order_id: String(missing) });
    });
  });

  describe("ListOrders", () => {
    it("pages through all orders of a user, newest first, each exactly once", async () => {
      const shopper = await newShopper(shop);
      const placed: bigint[] = [];
      for (let count = 0; count < 7; count += 1) placed.push((await place(shopper)).orderId);
      const newestFirst = placed.toReversed();
      for (const pageSize of [1, 3, 6, 7, 100]) {
        const found: bigint[] = [];
        let pageToken = "";
        do {
          const page = await shopper.calls.order.listOrders({ pageSize, pageToken });
          assert.ok(page.orders.length <= pageSize);
          found.push(...idsOf(page.orders));
          pageToken = page.nextPageToken;
        } while (pageToken !== "");
        assert.deepEqual(found, newestFirst);
      }
      const { orders } = await shopper.calls.order.listOrders({});
      const [first] = orders;
      assert.deepEqual(
        first,
        (await shopper.calls.order.getOrder({ orderId: first?.orderId ?? 0n })).order,
      );
    });

    it("filters by status and never shows an order that is still being placed", async () => {
      const shopper = await newShopper(shop);
      const [kept, cancelled, pending] = [
        await place(shopper),
        await place(shopper),
        await place(shopper),
      ];
      await shopper.calls.order.cancelOrder({ orderId: cancelled.orderId });
      // Looks like an order that is being placed, and is too young for recovery to cancel it.
      const setStatus =
        "update orders set order_status = ?, create_time = now(3) where order_id = ?";
      await shop.sql("order", setStatus, [OrderStatus.PENDING, pending.orderId]);
      const listed = async (orderStatus: OrderStatus) =>
        idsOf((await shopper.calls.order.listOrders({ orderStatus })).orders);
      assert.deepEqual(await listed(OrderStatus.CONFIRMED), [kept.orderId]);
      assert.deepEqual(await listed(OrderStatus.CANCELLED), [cancelled.orderId]);
      assert.deepEqual(await listed(OrderStatus.COMPLETED), []);
      assert.deepEqual(await listed(OrderStatus.PENDING), []);
      assert.deepEqual(await listed(OrderStatus.UNSPECIFIED), [cancelled.orderId, kept.orderId]);
      const { orders } = await shop.admin.order.listOrders({ pageSize: 100 });
      assert.ok(!idsOf(orders).includes(pending.orderId));
      await shop.sql("order", setStatus, [OrderStatus.CONFIRMED, pending.orderId]);
    });

    it("shows an administrator the orders of all users, or of one user", async () => {
      const shoppers = [await newShopper(shop), await newShopper(shop)];
      const placed = [];
      for (const shopper of shoppers) placed.push((await place(shopper)).orderId);
      const { orders } = await shop.admin.order.listOrders({ pageSize: 2 });
      assert.deepEqual(idsOf(orders), placed.toReversed());
      const userId = shoppers[0]?.userId ?? 0n;
      const one = await shop.admin.order.listOrders({ userId });
      assert.deepEqual(idsOf(one.orders), placed.slice(0, 1));
      assert.deepEqual((await shop.admin.order.listOrders({ userId: newId() })).orders, []);
    });

    it("never shows a user another user's orders, with any user id or page token", async () => {
      const [shopper, stranger] = [await newShopper(shop), await newShopper(shop)];
      await place(shopper);
      await place(shopper);
      const { nextPageToken: pageToken } = await shopper.calls.order.listOrders({ pageSize: 1 });
      assert.notEqual(pageToken, "");
      await refused(stranger.calls.order.listOrders({ pageToken }), Reason.INVALID_ARGUMENT);
      const asking = stranger.calls.order.listOrders({ userId: shopper.userId });
      await refused(asking, Reason.USER_NOT_FOUND);
    });
  });

  describe("ListOrderHistory", () => {
    it("lists every transition, oldest first, with state, actor and cause", async () => {
      const shopper = await newShopper(shop);
      const { orderId, createTime } = await place(shopper);
      await shop.admin.order.cancelOrder({ orderId });
      const { entries } = await shopper.calls.order.listOrderHistory({ orderId });
      const user = `user:${shopper.userId}`;
      assert.deepEqual(
        entries.map(({ orderStatus, payStatus, actor, cause }) => [
          orderStatus,
          payStatus,
          actor,
          cause,
        ]),
        [
          [OrderStatus.PENDING, PayStatus.UNPAID, user, "PlaceOrder"],
          [OrderStatus.CONFIRMED, PayStatus.UNPAID, user, "PlaceOrder"],
          [OrderStatus.CANCELLED, PayStatus.UNPAID, "admin:tester", "CancelOrder"],
        ],
      );
      const times = entries.map(({ time }) => Number(time?.seconds) * 1e9 + Number(time?.nanos));
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      );
      assert.equal(entries[0]?.time?.seconds, createTime?.seconds);
    });

    it("says why an order could not be placed", async () => {
      const shopper = await newShopper(shop);
      const goods = await newGoods(shop, { stock: 0n });
      const request = placeRequest({ userId: shopper.userId, lines: [[goods, 1n]] });
      await refused(shopper.calls.order.placeOrder(request), Reason.STOCK_NOT_ENOUGH);
      const {
        orders: [order],
      } = await shopper.calls.order.listOrders({});
      assert.equal(order?.cancelReason, CancelReason.PLACE_FAILED);
      assert.equal(order.failure?.reason, Reason.STOCK_NOT_ENOUGH);
      const { entries } = await shopper.calls.order.listOrderHistory({ orderId: order.orderId });
      assert.equal(entries.at(-1)?.orderStatus, OrderStatus.CANCELLED);
      assert.equal(entries.at(-1)?.detail, "STOCK_NOT_ENOUGH");
    });

    it("answers ORDER_NOT_FOUND for another user's order", async () => {
      const [shopper, stranger] = [await newShopper(shop), await newShopper(shop)];
      for (const orderId of [(await place(shopper)).orderId, newId()]) {
        const asking = stranger.calls.order.listOrderHistory({ orderId });
        await refused(asking, Reason.ORDER_NOT_FOUND);
      }
    });
  });

  describe("CancelOrder", () => {
    it("releases everything once, and answers the same to repetitions", async () => {
      const shopper = await newShopper(shop, { balanceCents: 5_000n });
      const goods = await newGoods(shop);
      const { couponId } = await newCoupon(shop, shopper.userId);
      await quiet(shop);
      const before = await snapshot(shop);
      const { order } = await shopper.calls.order.placeOrder(
        placeRequest(
          { userId: shopper.userId, lines: [[goods, 3n]] },
          { couponId, balanceCents: 1_000n },
        ),
      );
      const { orderId } = order ?? assert.fail("no order");
      const first = await shopper.calls.order.cancelOrder({ orderId });
      assert.equal(first.order?.orderStatus, OrderStatus.CANCELLED);
      assert.equal(first.order.cancelReason, CancelReason.BY_USER);
      assert.ok(first.order.closeTime);
      const again = await Promise.all(
        Array.from({ length: 10 }, () => shopper.calls.order.cancelOrder({ orderId })),
      );
      for (const answer of again) assert.deepEqual(answer, first);
      await quiet(shop);
      assert.deepEqual(await snapshot(shop), before);
      const events = await shop.sql(
        "order",
        "select fact from outbox where order_id = ? and fact = 'order.v1.cancelled'",
        [orderId],
      );
      assert.equal(events.length, 1);
    });

    it("is refused for a paid order, which keeps what it holds", async () => {
      const shopper = await newShopper(shop, { balanceCents: 5_000n });
      const goods = await newGoods(shop);
      const request = placeRequest({ userId: shopper.userId, lines: [[goods, 1n]] });
      const { order } = await shopper.calls.order.placeOrder({ ...request, balanceCents: 1_500n });
      const { orderId } = order ?? assert.fail("no order");
      assert.equal(order?.payStatus, PayStatus.PAID);
      await eventually(async () => {
        assert.equal((await shopper.calls.user.getUser({})).user?.points, 15n);
      });
      await quiet(shop);
      const before = await snapshot(shop);
      for (const caller of [shopper.calls, shop.admin]) {
        const cancelling = caller.order.cancelOrder({ orderId });
        const { metadata } = await refused(cancelling, Reason.ORDER_STATE_INVALID);
        assert.equal(metadata.order_status, "CONFIRMED");
        assert.equal(metadata.pay_status, "PAID");
      }
      await quiet(shop);
      assert.deepEqual(await snapshot(shop), before);
    });

    it("answers ORDER_NOT_FOUND for another user's order and does not cancel it", async () => {
      const [shopper, stranger] = [await newShopper(shop), await newShopper(shop)];
      const { orderId } = await place(shopper);
      for (const unknown of [orderId, newId()]) {
        const cancelling = stranger.calls.order.cancelOrder({ orderId: unknown });
        await refused(cancelling, Reason.ORDER_NOT_FOUND);
      }
      const { order } = await shopper.calls.order.getOrder({ orderId });
      assert.equal(order?.orderStatus, OrderStatus.CONFIRMED);
    });
  });
});
