import assert from "node:assert/strict";
import { at, type GoodsUnderTest, newId, outcomes, startGoods } from "./goods-service.ts";

type Step = "reserve" | "release";

describe("stock of cancelled orders", () => {
  let shop: GoodsUnderTest;
  before(async () => {
    shop = await startGoods(2);
  });
  after(() => shop?.stop());
  afterEach(() => shop.audit());

  const orderOf = (goodsId: bigint, quantity = 3n) => ({
    orderId: newId(),
    lines: [{ goodsId, quantity, unitPriceCents: 500n }],
  });

  const sequences = (length: number): Step[][] =>
    length === 0
      ? [[]]
      : sequences(length - 1).flatMap((steps): Step[][] => [
          [...steps, "reserve"],
          [...steps, "release"],
        ]);

  for (const steps of [1, 2, 3, 4].flatMap(sequences)) {
    it(`is conserved by ${steps.join(", ")}`, async () => {
      const { goodsId } = await shop.newGoods({ stock: 10n });
      const order = orderOf(goodsId);
      let held = false;
      let closed = false;
      for (const step of steps) {
        if (step === "release") {
          await shop.settled([await shop.cancelled(order.orderId)]);
          held = false;
          closed = true;
        } else {
          const answers = await shop.reserve([order]);
          assert.deepEqual(outcomes(answers), [closed ? "ORDER_CLOSED" : "ok"]);
          held = !closed;
        }
        assert.equal(await shop.stockOf(goodsId), held ? 7n : 10n);
      }
    });
  }

  it("is given back once when the same event arrives 1,000 times", async () => {
    const { goodsId } = await shop.newGoods({ stock: 10n });
    const order = orderOf(goodsId);
    await shop.reserve([order, orderOf(goodsId)]);
    const eventId = newId();
    const deliveries = Array.from({ length: 1_000 }, () =>
      shop.cancelled(order.orderId, { eventId }),
    );
    await Promise.all(deliveries);
    await shop.settled([eventId]);
    // Behind all the others in the stream.
    await shop.settled([await shop.cancelled(newId())]);
    assert.equal(await shop.stockOf(goodsId), 7n);
  });

  it("is given back once when 50 events say the same of 20 orders", async () => {
    const { goodsId } = await shop.newGoods({ stock: 100n });
    const orders = Array.from({ length: 20 }, () => orderOf(goodsId));
    await shop.reserve(orders.slice(0, 10));
    const told = Array.from({ length: 1_000 }, (_, index) =>
      shop.cancelled(at(orders, index % 20).orderId),
    );
    await shop.settled(await Promise.all(told));
    assert.equal(await shop.stockOf(goodsId), 100n);
    const late = await shop.reserve(orders);
    assert.deepEqual(new Set(outcomes(late)), new Set(["ORDER_CLOSED"]));
  });

  it("is the order's or the shop's when reservation and cancellation come together", async () => {
    const { goodsId } = await shop.newGoods({ stock: 1_000n });
    const orders = Array.from({ length: 100 }, () => orderOf(goodsId));
    const reserved = orders.map((order, index) => shop.reserve([order], index % 2));
    const told = orders.map(({ orderId }) => shop.cancelled(orderId));
    const answers = (await Promise.all(reserved)).flat();
    assert.ok(outcomes(answers).every((outcome) => ["ok", "ORDER_CLOSED"].includes(outcome)));
    await shop.settled(await Promise.all(told));
    assert.equal(await shop.stockOf(goodsId), 1_000n);
  });

  it("stays with the order where the event names other holders, without an inbox row", async () => {
    const { goodsId } = await shop.newGoods({ stock: 10n });
    const order = orderOf(goodsId);
    await shop.reserve([order]);
    const other = await shop.cancelled(order.orderId, { holders: ["coupon", "user"] });
    await shop.settled([await shop.cancelled(newId())]);
    assert.equal(await shop.stockOf(goodsId), 7n);
    const rows = await shop.select("select event_id from inbox where event_id = ?", [
      String(other),
    ]);
    assert.deepEqual(rows, []);
  });

  it("is not given where the order was refused, however often it is cancelled", async () => {
    const { goodsId } = await shop.newGoods({ stock: 2n });
    const order = orderOf(goodsId);
    for (let round = 0; round < 2; round += 1) {
      assert.deepEqual(outcomes(await shop.reserve([order])), ["STOCK_NOT_ENOUGH"]);
      await shop.settled([await shop.cancelled(order.orderId)]);
    }
    assert.equal(await shop.stockOf(goodsId), 2n);
  });
});
