import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { reasonName } from "#platform/values/refusal.ts";
import { OrderStatus } from "#proto/shop/order/v1/order_pb.ts";
import { type OwnBroker, startOwnBroker } from "../../../testbed/engines/own-broker.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { booksBalance } from "../../../testbed/orders/books.ts";
import {
  ALL_CENTS,
  answerTo,
  newShopper,
  ORDER_CENTS,
  possessed,
  type Shopper,
} from "../../../testbed/orders/shoppers.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

const STOPPED_MS = 20_000;

describe("a broker that fails while orders are placed", function () {
  this.timeout(150_000);
  let broker: OwnBroker;
  let shop: Shop;
  before(async () => {
    broker = await startOwnBroker();
    shop = await startShop({
      services: ["goods", "coupon", "user", "order", "pay"],
      env: { SHOP_NATS_URL: broker.url },
    });
  });
  after(async () => {
    await shop?.stop();
    await broker?.remove();
  });

  /** How an order ends: refused in its last step, paid at once, or cancelled by its user. */
  const ways = ["overpaid", "paid", "cancelled"] as const;
  type Served = { shopper: Shopper; way: (typeof ways)[number] };

  async function serve(way: Served["way"]): Promise<Served> {
    const shopper = await newShopper(shop);
    const balanceCents = { overpaid: ORDER_CENTS, paid: ALL_CENTS, cancelled: 1_000n }[way];
    const request = shopper.request({ balanceCents });
    const { order, refusal } = await answerTo(shopper.as.order.placeOrder(request));
    const outcome = refusal ? reasonName(refusal.reason) : order?.orderStatus;
    assert.equal(outcome, way === "overpaid" ? "OVERPAID" : OrderStatus.CONFIRMED);
    if (way === "cancelled") {
      await shopper.as.order.cancelOrder({ orderId: order?.orderId ?? 0n });
    }
    return { shopper, way };
  }

  /** Serves shoppers, two at a time, before, during and after the fault. None may notice it. */
  async function serveDuring(fault: () => Promise<void>): Promise<Served[]> {
    const served: Served[] = [];
    let over = false;
    const client = async () => {
      let after = 0;
      for (let turn = 0; after < ways.length; turn += 1) {
        if (over) after += 1;
        served.push(await serve(ways[turn % ways.length] as Served["way"]));
        await pause(100);
      }
    };
    const clients = [client(), client()];
    try {
      await fault();
    } finally {
      over = true;
    }
    await Promise.all(clients);
    return served;
  }

  async function checkAll(served: Served[]): Promise<void> {
    await booksBalance(shop);
    for (const { shopper, way } of served) {
      const expected = way === "paid" ? { balanceCents: ALL_CENTS } : {};
      const taken = way === "paid";
      assert.deepEqual(await shopper.possessions(), possessed({ taken, ...expected }), way);
    }
  }

  it("stopped for 20 seconds: no order fails, and every event has its effects once", async () => {
    const served = await serveDuring(async () => {
      await broker.stop();
      await pause(STOPPED_MS);
      await broker.start();
    });
    assert.ok(served.length > 20, `${served.length} orders`);
    await checkAll(served);
  });

  it("killed with its store deleted: no order fails, and events have their effects once", async () => {
    const served = await serveDuring(async () => {
      await broker.kill();
      broker.deleteStore();
      await broker.start();
    });
    await checkAll(served);
  });

  it("that loses acknowledged, unhandled events: they have their effects once", async () => {
    const holders = ["goods", "coupon", "user"] as const;
    const shoppers = await Promise.all(Array.from({ length: 10 }, () => newShopper(shop)));
    const orders = await Promise.all(
      shoppers.map((shopper) => shopper.as.order.placeOrder(shopper.request())),
    );
    const [first, ...others] = orders.map(({ order }) => order?.orderId ?? 0n);
    // The first cancellation is being retried at that moment, because its goods are missing.
    const goodsId = shoppers[0]?.goodsIds[0] ?? 0n;
    const move = "update goods set goods_id = ? where goods_id = ?";
    await shop.sql("goods", move, [1n, goodsId]);
    await shop.admin.order.cancelOrder({ orderId: first ?? 0n });
    await eventually(async () => {
      const failed = await shop.sql("goods", "select state from parked_messages");
      assert.deepEqual(failed, [{ state: 1 }]);
    });
    // The other cancellations are only in the stream.
    await Promise.all(holders.map((service) => shop.kill(service)));
    for (const orderId of others) await shop.admin.order.cancelOrder({ orderId });
    await eventually(async () => {
      const unsent = await shop.sql("order", "select event_id from outbox where state = 1");
      assert.deepEqual(unsent, [], "the broker has acknowledged them all");
    });
    await broker.kill();
    broker.deleteStore();
    await shop.sql("goods", move, [goodsId, 1n]);
    await broker.start();
    await Promise.all(holders.map((service) => shop.restart(service)));
    await booksBalance(shop);
    for (const shopper of shoppers) {
      assert.deepEqual(await shopper.possessions(), possessed({ taken: false }));
    }
  });
});
