import assert from "node:assert/strict";
import { sequences } from "../../../testbed/sequences.ts";
import { at, type GoodsUnderTest, newId, outcomes, startGoods } from "./goods-service.ts";

/** R reserve, C cancelled, 1 and 2 two refunds of it. Payment is nothing to goods. */
const STEPS = ["R", "C", "1", "2"] as const;
const HELD = 1n;
const RELEASED = 2n;

describe("stock of refunded orders", function () {
  this.timeout(120_000);
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
  /** What the log says that an order holds, and the state of its reservation. */
  const endOf = async (orderIds: bigint[]) => {
    const rows = await shop.select(
      `select r.order_id, r.state,
         (select cast(-coalesce(sum(delta), 0) as signed) from stock_log l where l.order_id = r.order_id) as holds
       from reservations r where r.order_id in (?)`,
      [orderIds.map(String) as unknown as string],
    );
    return new Map(
      rows.map((row) => [
        BigInt(row.order_id ?? 0),
        [BigInt(row.state ?? 0), BigInt(row.holds ?? 0)],
      ]),
    );
  };

  it("brings the lines of each refund back, and closes the order with the last one", async () => {
    const { goodsId } = await shop.newGoods({ stock: 10n });
    const { orderId, lines } = orderOf(goodsId);
    await shop.reserve([{ orderId, lines }]);
    const refundId = newId();
    await shop.settled([await shop.refunded({ orderId, refundId, lines: [[goodsId, 1n]] })]);
    assert.equal(await shop.stockOf(goodsId), 8n);
    assert.deepEqual(outcomes(await shop.reserve([{ orderId, lines }])), ["ok"]);
    const last = { orderId, refundId: newId(), lines: [[goodsId, 2n]] as [bigint, bigint][] };
    await shop.settled([await shop.refunded(last)]);
    assert.equal(await shop.stockOf(goodsId), 10n);
    assert.deepEqual(outcomes(await shop.reserve([{ orderId, lines }])), ["ORDER_CLOSED"]);
    const { entries } = await shop.admin.listStockLog({ goodsId });
    assert.deepEqual(
      entries.slice(0, 2).map((entry) => [entry.type, entry.delta, entry.refundId]),
      [
        [4, 2n, last.refundId],
        [4, 1n, refundId],
      ],
    );
  });

  it("ends the same in every order of reservation, cancellation and refunds, up to six with repetitions", async () => {
    const { goodsId } = await shop.newGoods({ stock: 1_000_000n });
    const walks = sequences(STEPS, 6).map((steps) => ({
      steps,
      order: orderOf(goodsId),
      refunds: [newId(), newId()],
    }));
    assert.equal(walks.length, 5_460);
    for (let step = 0; step < 6; step += 1) {
      const reservations = walks
        .filter(({ steps }) => steps[step] === "R")
        .map((walk) => walk.order);
      for (let start = 0; start < reservations.length; start += 1_000) {
        await shop.reserve(reservations.slice(start, start + 1_000));
      }
      const told = walks.flatMap(({ steps, order: { orderId }, refunds }) => {
        const next = steps[step];
        if (next === undefined || next === "R") return [];
        if (next === "C") return [shop.cancelled(orderId)];
        const units = BigInt(next);
        const refundId = at(refunds, Number(next) - 1);
        return [shop.refunded({ orderId, refundId, lines: [[goodsId, units]] })];
      });
      await shop.settled(await Promise.all(told));
    }
    const ends = await endOf(walks.map(({ order }) => order.orderId));
    for (const { steps, order } of walks) {
      const has = (step: (typeof STEPS)[number]) => steps.includes(step);
      const left = 3n - (has("1") ? 1n : 0n) - (has("2") ? 2n : 0n);
      const open = has("R") && !has("C") && left > 0n;
      const waits = !has("R") && !has("C");
      const expected = [waits ? 4n : open ? HELD : RELEASED, open ? left : 0n];
      assert.deepEqual(ends.get(order.orderId), expected, steps.join(""));
    }
  });

  it("comes back once when one event arrives 1,000 times, and another event tells the same refund", async () => {
    const { goodsId } = await shop.newGoods({ stock: 10n });
    const order = orderOf(goodsId);
    await shop.reserve([order]);
    const refund = {
      orderId: order.orderId,
      refundId: newId(),
      lines: [[goodsId, 1n]] as [bigint, bigint][],
    };
    const eventId = newId();
    await Promise.all(Array.from({ length: 1_000 }, () => shop.refunded(refund, eventId)));
    await shop.settled([eventId, await shop.refunded(refund)]);
    // Behind all the others in the stream.
    await shop.settled([await shop.refunded({ ...refund, orderId: newId(), refundId: newId() })]);
    assert.equal(await shop.stockOf(goodsId), 8n);
  });

  it("counts every refund of a batch, of one order and of many, and no more than there is", async () => {
    const { goodsId } = await shop.newGoods({ stock: 100n });
    const orders = Array.from({ length: 20 }, () => orderOf(goodsId));
    await shop.reserve(orders);
    const told = orders.flatMap(({ orderId }) =>
      [1n, 1n, 5n].map((units) =>
        shop.refunded({ orderId, refundId: newId(), lines: [[goodsId, units]] }),
      ),
    );
    await shop.settled(await Promise.all(told));
    assert.equal(await shop.stockOf(goodsId), 100n);
    const states = [...(await endOf(orders.map(({ orderId }) => orderId))).values()];
    assert.deepEqual(new Set(states.map(String)), new Set([String([RELEASED, 0n])]));
  });

  it("is whole when reservation, cancellation and refunds of 100 orders come together", async () => {
    const { goodsId } = await shop.newGoods({ stock: 1_000n });
    const orders = Array.from({ length: 100 }, () => orderOf(goodsId));
    const events = orders.flatMap(({ orderId }, index) => [
      shop.refunded({ orderId, refundId: newId(), lines: [[goodsId, 1n]] }),
      shop.refunded({ orderId, refundId: newId(), lines: [[goodsId, 1n]] }),
      ...(index % 2 === 0 ? [shop.cancelled(orderId)] : []),
    ]);
    await Promise.all(orders.map((order, index) => shop.reserve([order], index % 2)));
    await shop.settled(await Promise.all(events));
    assert.equal(await shop.stockOf(goodsId), 950n);
  });
});
