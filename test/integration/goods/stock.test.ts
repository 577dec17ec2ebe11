import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { StockLogType } from "#proto/shop/goods/v1/goods_pb.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import { newId, newKey } from "../../../testbed/orders/fixtures.ts";
import { invalid, times } from "../participant.ts";
import { type GoodsUnderTest, orderOf, startGoods } from "./goods-service.ts";

describe("stock", () => {
  let service: GoodsUnderTest;
  before(async () => {
    service = await startGoods();
  });
  after(() => service?.stop());
  afterEach(() => service.audit());

  describe("AdjustStock", () => {
    it("adds and subtracts, down to zero and not below", async () => {
      const { goodsId } = await service.newGoods({ stock: 5n });
      const adjust = (delta: bigint) =>
        service.admin.adjustStock({ requestId: newKey(), goodsId, delta });
      assert.equal((await adjust(3n)).stock, 8n);
      const { metadata } = await refused(adjust(-9n), Reason.STOCK_NOT_ENOUGH);
      assert.deepEqual(metadata, { goods_id: String(goodsId), requested: "9", available: "8" });
      assert.equal((await adjust(-8n)).stock, 0n);
      assert.equal(await service.stockOf(goodsId), 0n);
    });

    it("takes the last units once if the same request arrives 20 times concurrently", async () => {
      const { goodsId } = await service.newGoods({ stock: 5n });
      const request = { requestId: newKey(), goodsId, delta: -5n, note: "broken" };
      const answers = await times(20, () => service.admin.adjustStock(request));
      for (const { stock } of answers) assert.equal(stock, 0n);
      await service.admin.adjustStock({ requestId: newKey(), goodsId, delta: 7n });
      assert.equal((await service.admin.adjustStock(request)).stock, 0n);
      assert.equal(await service.stockOf(goodsId), 7n);
    });

    it("refuses a request id that was used with other contents", async () => {
      const { goodsId } = await service.newGoods();
      const other = await service.newGoods();
      const request = { requestId: newKey(), goodsId, delta: 1n, note: "x" };
      await service.admin.adjustStock(request);
      // A known request id is looked for before the contents are judged by the rules of today.
      const malformed = [{ delta: 0n }, { note: "y".repeat(501) }, { goodsId: -1n }];
      for (const changes of [
        { delta: 2n },
        { note: "y" },
        { goodsId: other.goodsId },
        ...malformed,
      ]) {
        const call = service.admin.adjustStock({ ...request, ...changes });
        await refused(call, Reason.REQUEST_ID_REUSED);
      }
      assert.equal(await service.stockOf(other.goodsId), 100n);
    });

    it("loses no unit in 100 concurrent adjustments", async () => {
      const { goodsId } = await service.newGoods({ stock: 0n });
      await times(100, (index) =>
        service.admin.adjustStock({ requestId: newKey(), goodsId, delta: BigInt(index + 1) }),
      );
      assert.equal(await service.stockOf(goodsId), 5_050n);
    });

    it("refuses malformed fields, unknown goods and too much stock", async () => {
      const { goodsId } = await service.newGoods();
      const adjust = (fields: object) =>
        service.admin.adjustStock({ requestId: newKey(), goodsId, delta: 1n, ...fields });
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
      assert.equal(await service.stockOf(goodsId), 100n);
    });
  });

  it("ListStockLog returns every movement, newest first, page by page", async () => {
    const { goodsId } = await service.newGoods({ stock: 1_000n });
    const order = orderOf(goodsId, 5n);
    const { orderId } = order;
    for (let delta = 1n; delta <= 24n; delta += 1n) {
      await service.admin.adjustStock({ requestId: newKey(), goodsId, delta: -delta });
    }
    await service.reserve([order]);
    await service.settled(await service.cancelled(orderId));
    const seen: [StockLogType, bigint, bigint][] = [];
    let pageToken = "";
    do {
      const page = await service.admin.listStockLog({ goodsId, pageSize: 10, pageToken });
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
    await refused(service.admin.listStockLog({ goodsId: newId() }), Reason.GOODS_NOT_FOUND);
    await invalid(service.admin.listStockLog({ goodsId: -1n }));
    await invalid(service.admin.listStockLog({ goodsId, pageSize: -1 }));
    await invalid(service.admin.listStockLog({ goodsId, pageToken: "x" }));
  });
});
