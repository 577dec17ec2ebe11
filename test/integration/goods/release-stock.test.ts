import assert from "node:assert/strict";
import { newId } from "../../../testbed/orders/fixtures.ts";
import { sequences } from "../../../testbed/sequences.ts";
import { times } from "../participant.ts";
import { at, type GoodsUnderTest, orderOf, outcomes, startGoods } from "./goods-service.ts";

const STEPS = ["reserve", "release"] as const;

describe("stock of cancelled orders", () => {
  let service: GoodsUnderTest;
  before(async () => {
    service = await startGoods({ replicas: 2 });
  });
  after(() => service?.stop());
  afterEach(() => service.audit());

  for (const steps of sequences(STEPS, 4)) {
    it(`is conserved by ${steps.join(", ")}`, async () => {
      const { goodsId } = await service.newGoods({ stock: 10n });
      const order = orderOf(goodsId);
      let held = false;
      let closed = false;
      for (const step of steps) {
        if (step === "release") {
          await service.settled(await service.cancelled(order.orderId));
          held = false;
          closed = true;
        } else {
          const answers = await service.reserve([order]);
          assert.deepEqual(outcomes(answers), [closed ? "ORDER_CLOSED" : "ok"]);
          held = !closed;
        }
        assert.equal(await service.stockOf(goodsId), held ? 7n : 10n);
      }
    });
  }

  it("is given back once if the same event arrives 1,000 times", async () => {
    const { goodsId } = await service.newGoods({ stock: 10n });
    const order = orderOf(goodsId);
    await service.reserve([order, orderOf(goodsId)]);
    const eventId = newId();
    await times(1_000, () => service.cancelled(order.orderId, { eventId }));
    await service.settled(eventId);
    // This event follows all others in the stream.
    await service.settled(await service.cancelled(newId()));
    assert.equal(await service.stockOf(goodsId), 7n);
  });

  it("is given back once if 50 events cancel each of 20 orders", async () => {
    const { goodsId } = await service.newGoods({ stock: 100n });
    const orders = Array.from({ length: 20 }, () => orderOf(goodsId));
    await service.reserve(orders.slice(0, 10));
    const events = await times(1_000, (index) => service.cancelled(at(orders, index % 20).orderId));
    await service.settled(...events);
    assert.equal(await service.stockOf(goodsId), 100n);
    const late = await service.reserve(orders);
    assert.deepEqual(new Set(outcomes(late)), new Set(["ORDER_CLOSED"]));
  });

  it("is never lost if reservation and cancellation are concurrent", async () => {
    const { goodsId } = await service.newGoods({ stock: 1_000n });
    const orders = Array.from({ length: 100 }, () => orderOf(goodsId));
    const reserved = orders.map((order, index) => service.reserve([order], index % 2));
    const cancelled = orders.map(({ orderId }) => service.cancelled(orderId));
    const answers = (await Promise.all(reserved)).flat();
    assert.ok(outcomes(answers).every((outcome) => ["ok", "ORDER_CLOSED"].includes(outcome)));
    await service.settled(...(await Promise.all(cancelled)));
    assert.equal(await service.stockOf(goodsId), 1_000n);
  });

  it("stays with the order if the event names only other holders, without an inbox row", async () => {
    const { goodsId } = await service.newGoods({ stock: 10n });
    const order = orderOf(goodsId);
    await service.reserve([order]);
    const other = await service.cancelled(order.orderId, { holders: ["coupon", "user"] });
    await service.settled(await service.cancelled(newId()));
    assert.equal(await service.stockOf(goodsId), 7n);
    const rows = await service.sql("select event_id from inbox where event_id = ?", [other]);
    assert.deepEqual(rows, []);
  });

  it("stays as it is if a refused order is cancelled repeatedly", async () => {
    const { goodsId } = await service.newGoods({ stock: 2n });
    const order = orderOf(goodsId);
    for (let round = 0; round < 2; round += 1) {
      assert.deepEqual(outcomes(await service.reserve([order])), ["STOCK_NOT_ENOUGH"]);
      await service.settled(await service.cancelled(order.orderId));
    }
    assert.equal(await service.stockOf(goodsId), 2n);
  });
});
