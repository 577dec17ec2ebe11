import assert from "node:assert/strict";
import { fromBinary, fromJsonString } from "@bufbuild/protobuf";
import { Reason } from "#platform/values/refusal.ts";
import { type GetOrderResponse, type Order, OrderView } from "#proto/shop/order/v1/order_pb.ts";
import { token } from "../../../testbed/calls/callers.ts";
import { methodNamed } from "../../../testbed/calls/contract.ts";
import { gatewayClient, PROTOCOLS } from "../../../testbed/calls/gateway-call.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import {
  insertGoods,
  newGoods,
  newKey,
  newShopper,
  placeRequest,
  type Shopper,
} from "../../../testbed/orders/fixtures.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

const getOrder = methodNamed("order GetOrder");
const watchOrder = methodNamed("order WatchOrder");
const LINES = 1_000;
const REFUNDS = 23;

describe("the largest orders", function () {
  this.timeout(Math.max(startMs, 180_000));
  let shop: Shop;
  let shopper: Shopper;
  let order: Order;
  let orderIds: bigint[];
  before(async () => {
    shop = await sharedShop();
    shopper = await newShopper(shop, { balanceCents: 20_000_000n });
    const goods = await insertGoods(shop, LINES);
    await shop.sql("goods", "update goods set name = repeat('東', 200) where goods_id in (?)", [
      goods.map(({ goodsId }) => goodsId),
    ]);
    const place = async (quantity: bigint, balanceCents: bigint) => {
      const lines = goods.map((item) => [item, quantity] as [typeof item, bigint]);
      const request = placeRequest({ userId: shopper.userId, lines }, { balanceCents });
      const { order } = await shopper.calls.order.placeOrder(request);
      return order ?? assert.fail("no order");
    };
    order = await place(BigInt(REFUNDS + 2), 500n * BigInt(LINES * (REFUNDS + 2)));
    orderIds = [order.orderId];
    for (let count = 0; count < 3; count += 1) orderIds.unshift((await place(1n, 0n)).orderId);
    const lines = goods.map(({ goodsId }) => ({ goodsId, quantity: 1n }));
    const { orderId } = order;
    for (let count = 0; count < REFUNDS; count += 1) {
      await shop.admin.order.refundOrder({ requestId: newKey(), orderId, lines });
    }
  });

  it("fit an answer, with their newest 20 refunds", async () => {
    const { orderId } = order;
    const { order: read } = await shopper.calls.order.getOrder({ orderId });
    assert.equal(read?.lines.length, LINES);
    assert.equal(read.lines[0]?.name, "東".repeat(200));
    assert.equal(read.refunds.length, 20);
    assert.ok(read.refunds.every(({ lines }) => lines.length === LINES));
  });

  it("pass the gateway in every protocol, also as messages of a stream", async () => {
    const { orderId } = order;
    const { order: read } = await shopper.calls.order.getOrder({ orderId });
    const bearer = await token("user", String(shopper.userId));
    const gateway = gatewayClient(shop.gatewayUrl);
    try {
      for (const protocol of PROTOCOLS) {
        const call = { protocol, token: bearer, request: { orderId } };
        const got = await gateway.call({ ...call, method: getOrder });
        assert.equal(got.code, "OK", `${protocol}: ${got.message}`);
        // The stream of an order that is not at its end lasts until its deadline.
        const headers: Record<string, string> = protocol.startsWith("grpc")
          ? { "grpc-timeout": "2S" }
          : { "connect-timeout-ms": "2000" };
        const watched = await gateway.call({ ...call, method: watchOrder, headers });
        assert.equal(watched.code, "DEADLINE_EXCEEDED", `${protocol}: ${watched.message}`);
        for (const [bytes, { output }] of [
          [got.messages[0], getOrder.desc],
          [watched.messages[0], watchOrder.desc],
        ] as const) {
          assert.ok(bytes, protocol);
          const message =
            protocol === "json" ? fromJsonString(output, String(bytes)) : fromBinary(output, bytes);
          assert.deepEqual((message as GetOrderResponse).order, read, protocol);
        }
      }
    } finally {
      gateway.close();
    }
  });

  it("are listed on pages that end early, and shortly without their lines", async () => {
    const listed: bigint[] = [];
    let pageToken = "";
    let pages = 0;
    do {
      const answer = await shopper.calls.order.listOrders({ pageSize: 100, pageToken });
      for (const one of answer.orders) assert.equal(one.lines.length, LINES);
      listed.push(...answer.orders.map(({ orderId }) => orderId));
      pageToken = answer.nextPageToken;
      pages += 1;
    } while (pageToken !== "");
    assert.deepEqual(listed, orderIds);
    assert.ok(pages > 1);
    const basic = await shopper.calls.order.listOrders({ pageSize: 100, view: OrderView.BASIC });
    assert.deepEqual(
      basic.orders.map(({ orderId, lines, refunds }) => [orderId, lines.length, refunds.length]),
      orderIds.map((orderId) => [orderId, 0, 0]),
    );
  });

  it("have all their refunds on pages, newest first, with the names as sold", async () => {
    const { orderId } = order;
    const found: bigint[] = [];
    let pageToken = "";
    do {
      const answer = await shopper.calls.order.listRefunds({ orderId, pageSize: 100, pageToken });
      found.push(...answer.refunds.map(({ refundId }) => refundId));
      for (const { lines } of answer.refunds) assert.equal(lines[999]?.name, "東".repeat(200));
      pageToken = answer.nextPageToken;
    } while (pageToken !== "");
    assert.equal(found.length, REFUNDS);
    assert.deepEqual(
      found,
      found.toSorted((a, b) => (a > b ? -1 : 1)),
    );
  });

  it("have a history on pages, oldest first, whose tokens fit no other order", async () => {
    const { orderId } = order;
    const ask = { orderId, pageSize: 30 };
    const first = await shopper.calls.order.listOrderHistory(ask);
    const { nextPageToken: pageToken } = first;
    const second = await shopper.calls.order.listOrderHistory({ ...ask, pageToken });
    assert.equal(first.entries.length + second.entries.length, 3 + 2 * REFUNDS);
    assert.equal(second.nextPageToken, "");
    const other = { orderId: orderIds[0] ?? 0n, pageToken };
    await refused(shopper.calls.order.listOrderHistory(other), Reason.INVALID_ARGUMENT);
    await refused(shopper.calls.order.listRefunds({ orderId, pageToken }), Reason.INVALID_ARGUMENT);
  });
});

describe("UpdateTrackingNumber", function () {
  this.timeout(startMs);

  it("corrects the number of a shipped order, once, and says so in the history", async () => {
    const shop = await sharedShop();
    const shopper = await newShopper(shop, { balanceCents: 5_000n });
    const goods = await newGoods(shop);
    const lines: [typeof goods, bigint][] = [[goods, 1n]];
    const request = placeRequest({ userId: shopper.userId, lines }, { balanceCents: 1_500n });
    const { order } = await shopper.calls.order.placeOrder(request);
    const { orderId = 0n } = order ?? {};
    const wrong = { orderId, trackingNumber: "WRONG" };
    const right = { orderId, trackingNumber: "RIGHT" };
    await refused(shop.admin.order.updateTrackingNumber(right), Reason.ORDER_STATE_INVALID);
    await shop.admin.order.shipOrder(wrong);
    const answers = [
      await shop.admin.order.updateTrackingNumber(right),
      await shop.admin.order.updateTrackingNumber(right),
    ];
    for (const answer of answers) assert.equal(answer.order?.trackingNumber, "RIGHT");
    const { entries } = await shopper.calls.order.listOrderHistory({ orderId });
    assert.equal(entries.at(-1)?.cause, "UpdateTrackingNumber");
    assert.equal(entries.filter(({ cause }) => cause === "UpdateTrackingNumber").length, 1);
    const events = await shop.sql(
      "order",
      "select fact from outbox where order_id = ? and fact = 'order.v1.shipped'",
      [orderId],
    );
    assert.equal(events.length, 2);
    await shopper.calls.order.confirmReceipt({ orderId });
    const late = { orderId, trackingNumber: "LATE" };
    await refused(shop.admin.order.updateTrackingNumber(late), Reason.ORDER_STATE_INVALID);
  });
});
