import assert from "node:assert/strict";
import { GoodsStatus } from "#proto/shop/goods/v1/goods_pb.ts";
import { newId, newKey } from "../../../testbed/orders/fixtures.ts";
import { invalid, times } from "../participant.ts";
import { at, type GoodsUnderTest, type Line, outcomes, startGoods } from "./goods-service.ts";

describe("ReserveStock", () => {
  let service: GoodsUnderTest;
  before(async () => {
    service = await startGoods({ replicas: 2 });
  });
  after(() => service?.stop());
  afterEach(() => service.audit());

  const line = (goodsId: bigint, quantity = 1n, unitPriceCents = 500n): Line => {
    return { goodsId, quantity, unitPriceCents };
  };
  const order = (...lines: Line[]) => ({ orderId: newId(), lines });
  const manyGoods = (count: number, stock: bigint) =>
    times(count, () => service.newGoods({ stock }));

  it("answers each order separately; a refusal takes nothing and affects no other order", async () => {
    const { goodsId } = await service.newGoods({ stock: 10n });
    const off = await service.newGoods();
    await service.admin.updateGoods({ goodsId: off.goodsId, status: GoodsStatus.OFF_SHELF });
    const unknown = newId();
    const answers = await service.reserve([
      order(line(goodsId, 4n)),
      order(line(goodsId), line(unknown)),
      order(line(goodsId), line(off.goodsId)),
      order(line(goodsId, 1n, 499n)),
      order(line(goodsId, 7n)),
      order(line(goodsId, 6n)),
    ]);
    assert.deepEqual(outcomes(answers), [
      "ok",
      "GOODS_NOT_FOUND",
      "GOODS_NOT_ON_SALE",
      "GOODS_PRICE_CHANGED",
      "STOCK_NOT_ENOUGH",
      "ok",
    ]);
    assert.deepEqual(
      answers.map((refusal) => refusal?.metadata),
      [
        undefined,
        { goods_id: String(unknown) },
        { goods_id: String(off.goodsId) },
        {
          goods_id: String(goodsId),
          requested_unit_price_cents: "499",
          unit_price_cents: "500",
        },
        { goods_id: String(goodsId), requested: "7", available: "6" },
        undefined,
      ],
    );
    assert.equal(await service.stockOf(goodsId), 0n);
  });

  it("decides an order once and repeats the answer, also a refusal after new stock arrived", async () => {
    const { goodsId } = await service.newGoods({ stock: 5n });
    const held = order(line(goodsId, 4n));
    const refused = order(line(goodsId, 2n));
    const first = await service.reserve([held, refused, held]);
    assert.deepEqual(outcomes(first), ["ok", "STOCK_NOT_ENOUGH", "ok"]);
    await service.admin.adjustStock({ requestId: newKey(), goodsId, delta: 50n });
    await service.admin.updateGoods({ goodsId, unitPriceCents: 1n, status: GoodsStatus.OFF_SHELF });
    const again = await Promise.all(
      [0, 1].map((replica) => service.reserve([held, refused], replica)),
    );
    for (const answers of again) {
      assert.deepEqual(outcomes(answers), ["ok", "STOCK_NOT_ENOUGH"]);
      assert.deepEqual(answers[1]?.metadata, first[1]?.metadata);
    }
    assert.equal(await service.stockOf(goodsId), 51n);
  });

  it("deducts the last units once if the same order arrives 50 times concurrently", async () => {
    const { goodsId } = await service.newGoods({ stock: 3n });
    const wanted = order(line(goodsId, 3n));
    const calls = await times(50, (index) => service.reserve([wanted], index % 2));
    for (const answers of calls) assert.deepEqual(outcomes(answers), ["ok"]);
    assert.equal(await service.stockOf(goodsId), 0n);
  });

  it("refuses other lines for an order that holds stock", async () => {
    const [one, two] = await manyGoods(2, 10n);
    assert.ok(one && two);
    const held = order(line(one.goodsId, 2n));
    await service.reserve([held]);
    for (const lines of [[line(one.goodsId)], [line(two.goodsId, 2n)]]) {
      const answers = await service.reserve([{ ...held, lines }]);
      assert.deepEqual(outcomes(answers), ["INVALID_ARGUMENT"]);
    }
    assert.equal(await service.stockOf(one.goodsId), 8n);
  });

  it("refuses malformed entries, names their fields, and leaves no row of them", async () => {
    const { goodsId } = await service.newGoods();
    const tooMany = Array.from({ length: 1_001 }, () => line(newId()));
    const malformed: [string, { orderId: bigint; lines: Line[] }][] = [
      ["order_id", { orderId: 0n, lines: [line(goodsId)] }],
      ["order_id", { orderId: -1n, lines: [line(goodsId)] }],
      ["lines", order()],
      ["lines", order(...tooMany)],
      ["lines[0].goods_id", order(line(0n))],
      ["lines[1].goods_id", order(line(goodsId), line(goodsId))],
      ["lines[0].quantity", order(line(goodsId, 0n))],
      ["lines[0].quantity", order(line(goodsId, -1n))],
      ["lines[0].quantity", order(line(goodsId, 2n ** 31n))],
      ["lines[0].unit_price_cents", order(line(goodsId, 1n, -1n))],
      ["lines[0].unit_price_cents", order(line(goodsId, 1n, 2n ** 53n))],
    ];
    const good = order(line(goodsId));
    const answers = await service.reserve([...malformed.map(([, entry]) => entry), good]);
    for (const [index, [field]] of malformed.entries()) {
      assert.deepEqual(outcomes([answers[index]]), ["INVALID_ARGUMENT"]);
      assert.equal(answers[index]?.violations[0]?.field, `reservations[${index}].${field}`);
    }
    assert.equal(answers.at(-1), undefined);
    const repaired = { ...at(malformed, 6)[1], lines: [line(goodsId)] };
    assert.deepEqual(outcomes(await service.reserve([repaired])), ["ok"]);
    assert.equal(await service.stockOf(goodsId), 98n);
  });

  it("refuses a call that is empty or too large as a whole", async () => {
    const { goodsId } = await service.newGoods();
    await invalid(service.reserve([]));
    const entries = (count: number, lines: Line[]) =>
      Array.from({ length: count }, () => ({ orderId: newId(), lines }));
    await invalid(service.reserve(entries(1_001, [line(goodsId)])));
    const lines = Array.from({ length: 1_000 }, () => line(newId()));
    await invalid(service.reserve([...entries(20, lines), order(line(goodsId))]));
    assert.equal(await service.stockOf(goodsId), 100n);
  });

  it("reserves 20 orders of 1,000 lines in one call, and releases them", async () => {
    const goods: { goodsId: bigint }[] = [];
    for (let some = 0; some < 10; some += 1) goods.push(...(await manyGoods(100, 20n)));
    const lines = goods.map(({ goodsId }) => line(goodsId));
    const orders = Array.from({ length: 20 }, () => order(...lines));
    const answers = await service.reserve(
      [...orders, order(line(at(goods, 999).goodsId))].slice(0, 20),
    );
    assert.deepEqual(new Set(outcomes(answers)), new Set(["ok"]));
    assert.equal(await service.stockOf(at(goods, 500).goodsId), 0n);
    await service.settled(
      ...(await Promise.all(orders.map(({ orderId }) => service.cancelled(orderId)))),
    );
    assert.equal(await service.stockOf(at(goods, 500).goodsId), 20n);
  });

  it("sells exactly 100 pieces to 2,000 shoppers from 64 callers", async () => {
    const { goodsId } = await service.newGoods({ stock: 100n });
    const sold: string[] = [];
    let shopper = 0;
    const caller = async (_: unknown, index: number) => {
      while (shopper < 2_000) {
        shopper += 1;
        sold.push(...outcomes(await service.reserve([order(line(goodsId))], index % 2)));
      }
    };
    await Promise.all(Array.from({ length: 64 }, caller));
    const count = (outcome: string) => sold.filter((one) => one === outcome).length;
    assert.deepEqual([count("ok"), count("STOCK_NOT_ENOUGH")], [100, 1_900]);
    assert.equal(await service.stockOf(goodsId), 0n);
  });

  it("reserves baskets in opposite order at two replicas while others are cancelled", async () => {
    const goods = await manyGoods(30, 10_000n);
    const lines = goods.map(({ goodsId }) => line(goodsId, 2n));
    const events: bigint[] = [];
    const buyer = async (_: unknown, index: number) => {
      for (let round = 0; round < 10; round += 1) {
        const basket = index % 2 ? lines : lines.toReversed();
        const wanted = order(...basket.slice(0, 5 + ((index + round) % 25)));
        assert.deepEqual(outcomes(await service.reserve([wanted], index % 2)), ["ok"]);
        events.push(await service.cancelled(wanted.orderId));
      }
    };
    await Promise.all(Array.from({ length: 50 }, buyer));
    await service.settled(...events);
    for (const { goodsId } of goods) assert.equal(await service.stockOf(goodsId), 10_000n);
  });
});
