import assert from "node:assert/strict";
import { ParticipantState } from "#platform/values/participant.ts";
import { newId } from "../../../testbed/orders/fixtures.ts";
import { sequences } from "../../../testbed/sequences.ts";
import { times } from "../participant.ts";
import { at, type GoodsUnderTest, orderOf, outcomes, startGoods } from "./goods-service.ts";

/** Reserved, cancelled, and two refunds. */
const STEPS = ["R", "C", "1", "2"] as const;
const { HELD, RELEASED, EARLY } = ParticipantState;

describe("stock of refunded orders", function () {
  this.timeout(120_000);
  let service: GoodsUnderTest;
  before(async () => {
    service = await startGoods({ replicas: 2 });
  });
  after(() => service?.stop());
  afterEach(() => service.audit());

  /** The state of each reservation, and what its order holds according to the log. */
  const endOf = async (orderIds: bigint[]) => {
    const rows = await service.sql(
      `select r.order_id as orderId, r.state,
         (select cast(-coalesce(sum(delta), 0) as signed) from stock_log l where l.order_id = r.order_id) as holds
       from reservations r where r.order_id in (?)`,
      [orderIds],
    );
    return new Map(rows.map(({ orderId, state, holds }) => [orderId, [state, holds]]));
  };

  it("takes the lines of each refund back, and closes the order with the last one", async () => {
    const { goodsId } = await service.newGoods({ stock: 10n });
    const { orderId, lines } = orderOf(goodsId);
    await service.reserve([{ orderId, lines }]);
    const refundId = newId();
    await service.settled(await service.refunded({ orderId, refundId, lines: [[goodsId, 1n]] }));
    assert.equal(await service.stockOf(goodsId), 8n);
    assert.deepEqual(outcomes(await service.reserve([{ orderId, lines }])), ["ok"]);
    const last = { orderId, refundId: newId(), lines: [[goodsId, 2n]] as [bigint, bigint][] };
    await service.settled(await service.refunded(last));
    assert.equal(await service.stockOf(goodsId), 10n);
    assert.deepEqual(outcomes(await service.reserve([{ orderId, lines }])), ["ORDER_CLOSED"]);
    const { entries } = await service.admin.listStockLog({ goodsId });
    assert.deepEqual(
      entries.slice(0, 2).map((entry) => [entry.type, entry.delta, entry.refundId]),
      [
        [4, 2n, last.refundId],
        [4, 1n, refundId],
      ],
    );
  });

  it("ends the same in every sequence of up to six reservations, cancellations and refunds", async () => {
    const { goodsId } = await service.newGoods({ stock: 1_000_000n });
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
        await service.reserve(reservations.slice(start, start + 1_000));
      }
      const events = walks.flatMap(({ steps, order: { orderId }, refunds }) => {
        const next = steps[step];
        if (next === undefined || next === "R") return [];
        if (next === "C") return [service.cancelled(orderId)];
        const units = BigInt(next);
        const refundId = at(refunds, Number(next) - 1);
        return [service.refunded({ orderId, refundId, lines: [[goodsId, units]] })];
      });
      await service.settled(...(await Promise.all(events)));
    }
    const ends = await endOf(walks.map(({ order }) => order.orderId));
    for (const { steps, order } of walks) {
      const has = (step: (typeof STEPS)[number]) => steps.includes(step);
      const left = 3n - (has("1") ? 1n : 0n) - (has("2") ? 2n : 0n);
      const open = has("R") && !has("C") && left > 0n;
      const isEarly = !has("R") && !has("C");
      const expected = [isEarly ? EARLY : open ? HELD : RELEASED, open ? left : 0n];
      assert.deepEqual(ends.get(order.orderId), expected, steps.join(""));
    }
  });

  it("comes back once if one event arrives 1,000 times and another one reports the same refund", async () => {
    const { goodsId } = await service.newGoods({ stock: 10n });
    const order = orderOf(goodsId);
    await service.reserve([order]);
    const refund = {
      orderId: order.orderId,
      refundId: newId(),
      lines: [[goodsId, 1n]] as [bigint, bigint][],
    };
    const eventId = newId();
    await times(1_000, () => service.refunded(refund, eventId));
    await service.settled(eventId, await service.refunded(refund));
    // This event follows all others in the stream.
    await service.settled(
      await service.refunded({ ...refund, orderId: newId(), refundId: newId() }),
    );
    assert.equal(await service.stockOf(goodsId), 8n);
  });

  it("counts every refund of a batch, and gives back no more than the orders hold", async () => {
    const { goodsId } = await service.newGoods({ stock: 100n });
    const orders = Array.from({ length: 20 }, () => orderOf(goodsId));
    await service.reserve(orders);
    const refunds = orders.flatMap(({ orderId }) =>
      [1n, 1n, 5n].map((units) =>
        service.refunded({ orderId, refundId: newId(), lines: [[goodsId, units]] }),
      ),
    );
    await service.settled(...(await Promise.all(refunds)));
    assert.equal(await service.stockOf(goodsId), 100n);
    const states = [...(await endOf(orders.map(({ orderId }) => orderId))).values()];
    assert.deepEqual(new Set(states.map(String)), new Set([String([RELEASED, 0n])]));
  });

  it("is never lost if reservations, cancellations and refunds of 100 orders are concurrent", async () => {
    const { goodsId } = await service.newGoods({ stock: 1_000n });
    const orders = Array.from({ length: 100 }, () => orderOf(goodsId));
    const events = orders.flatMap(({ orderId }, index) => [
      service.refunded({ orderId, refundId: newId(), lines: [[goodsId, 1n]] }),
      service.refunded({ orderId, refundId: newId(), lines: [[goodsId, 1n]] }),
      ...(index % 2 === 0 ? [service.cancelled(orderId)] : []),
    ]);
    await Promise.all(orders.map((order, index) => service.reserve([order], index % 2)));
    await service.settled(...(await Promise.all(events)));
    assert.equal(await service.stockOf(goodsId), 950n);
  });
});
