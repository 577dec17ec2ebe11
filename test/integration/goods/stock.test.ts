import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { StockLogType } from "#proto/shop/goods/v1/goods_pb.ts";
import {
  type GoodsUnderTest,
  invalid,
  newId,
  newKey,
  refused,
  startGoods,
} from "./goods-service.ts";

describe("stock by hand", () => {
  let shop: GoodsUnderTest;
  before(async () => {
    shop = await startGoods();
  });
  after(() => shop?.stop());
  afterEach(() => shop.audit());

  describe("AdjustStock", () => {
    it("adds and takes, down to nothing, and not below", async () => {
      const { goodsId } = await shop.newGoods({ stock: 5n });
      const adjust = (delta: bigint) =>
        shop.admin.adjustStock({ requestId: newKey(), goodsId, delta });
      assert.equal((await adjust(3n)).stock, 8n);
      const { metadata } = await refused(adjust(-9n), Reason.STOCK_NOT_ENOUGH);
      assert.deepEqual(metadata, { goods_id: String(goodsId), requested: "9", available: "8" });
      assert.equal((await adjust(-8n)).stock, 0n);
      assert.equal(await shop.stockOf(goodsId), 0n);
    });

    it("moves once when the same request arrives 20 times, the last units too", async () => {
      const { goodsId } = await shop.newGoods({ stock: 5n });
      const request = { requestId: newKey(), goodsId, delta: -5n, note: "broken" };
      const calls = Array.from({ length: 20 }, () => shop.admin.adjustStock(request));
      for (const { stock } of await Promise.all(calls)) assert.equal(stock, 0n);
      await shop.admin.adjustStock({ requestId: newKey(), goodsId, delta: 7n });
      assert.equal((await shop.admin.adjustStock(request)).stock, 0n);
      assert.equal(await shop.stockOf(goodsId), 7n);
    });

    it("refuses a request id that was used with other contents", async () => {
      const { goodsId } = await shop.newGoods();
      const other = await shop.newGoods();
      const request = { requestId: newKey(), goodsId, delta: 1n, note: "x" };
      await shop.admin.adjustStock(request);
      for (const changes of [{ delta: 2n }, { note: "y" }, { goodsId: other.goodsId }]) {
        const call = shop.admin.adjustStock({ ...request, ...changes });
        await refused(call, Reason.REQUEST_ID_REUSED);
      }
      assert.equal(await shop.stockOf(other.goodsId), 100n);
    });

    it("loses no unit of 100 adjustments at the same moment", async () => {
      const { goodsId } = await shop.newGoods({ stock: 0n });
      const calls = Array.from({ length: 100 }, (_, index) =>
        shop.admin.adjustStock({ requestId: newKey(), goodsId, delta: BigInt(index + 1) }),
      );
      await Promise.all(calls);
      assert.equal(await shop.stockOf(goodsId), 5_050n);
    });

    it("refuses what is malformed, unknown or beyond any warehouse", async () => {
      const { goodsId } = await shop.newGoods();
      const adjust = (fields: object) =>
        shop.admin.adjustStock({ requestId: newKey(), goodsId, delta: 1n, ...fields });
      await refused(adjust({ goodsId: newId() }), Reason.GOODS_NOT_FOUND);
      const malformed = [
        { requestId: "" },
        { goodsId: 0n },
        { delta: 0n },
        { delta: 2n ** 63n - 1n },
        { delta: -(2n ** 63n) },
        { delta: 1_000_000_000_000n },
        { note: "x".repeat(501) },
        { note: "\u0000" },
      ];
      for (const fields of malformed) await invalid(adjust(fields));
      assert.equal(await shop.stockOf(goodsId), 100n);
    });
  });

  it("ListStockLog shows every movement, newest first, page by page", async () => {
    const { goodsId } = await shop.newGoods({ stock: 1_000n });
    const orderId = newId();
    for (let delta = 1n; delta <= 24n; delta += 1n) {
      await shop.admin.adjustStock({ requestId: newKey(), goodsId, delta: -delta });
    }
    await shop.reserve([{ orderId, lines: [{ goodsId, quantity: 5n, unitPriceCents: 500n }] }]);
    await shop.settled([await shop.cancelled(orderId)]);
    const seen: [StockLogType, bigint, bigint][] = [];
    let pageToken = "";
    do {
      const page = await shop.admin.listStockLog({ goodsId, pageSize: 10, pageToken });
      assert.ok(page.entries.every((entry) => entry.goodsId === goodsId && entry.logTime));
      seen.push(...page.entries.map((entry) => [entry.type, entry.delta, entry.orderId] as never));
      pageToken = page.nextPageToken;
    } while (pageToken);
    const { ADJUST, RESERVE, RELEASE } = StockLogType;
    const taken = Array.from({ length: 24 }, (_, index) => [ADJUST, BigInt(index - 24), 0n]);
    assert.deepEqual(seen, [
      [RELEASE, 5n, orderId],
      [RESERVE, -5n, orderId],
      ...taken,
      [ADJUST, 1_000n, 0n],
    ]);
    await refused(shop.admin.listStockLog({ goodsId: newId() }), Reason.GOODS_NOT_FOUND);
    await invalid(shop.admin.listStockLog({ goodsId: -1n }));
    await invalid(shop.admin.listStockLog({ goodsId, pageSize: 101 }));
    await invalid(shop.admin.listStockLog({ goodsId, pageToken: "x" }));
  });
});
