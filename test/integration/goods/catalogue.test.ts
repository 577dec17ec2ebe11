import assert from "node:assert/strict";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Reason } from "#platform/values/refusal.ts";
import {
  Availability,
  GoodsStatus,
  type UpdateGoodsRequestSchema,
} from "#proto/shop/goods/v1/goods_pb.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import { newId, newKey } from "../../../testbed/orders/fixtures.ts";
import { invalid, times } from "../participant.ts";
import { type GoodsUnderTest, startGoods } from "./goods-service.ts";

type Changes = Omit<MessageInitShape<typeof UpdateGoodsRequestSchema>, "$typeName" | "$unknown">;

describe("the catalogue", () => {
  let service: GoodsUnderTest;
  before(async () => {
    service = await startGoods();
  });
  after(() => service?.stop());
  afterEach(() => service.audit());

  const namesFound = async (query: string, goodsIds: bigint[] = []) => {
    const { goods } = await service.anyone.listGoods({ pageSize: 100, query, goodsIds });
    return goods.map(({ name }) => name);
  };

  describe("CreateGoods", () => {
    it("puts goods on sale with their opening stock", async () => {
      const text = "Hämmer „groß“ 😀";
      const fields = { sku: newKey(), name: text, description: `${text}\n\ttwo lines`, stock: 7n };
      const created = await service.newGoods({ ...fields, imageUrl: "https://example.com/a.png" });
      const { goods } = await service.admin.getGoods({ goodsId: created.goodsId });
      assert.deepEqual(goods, created);
      assert.equal(created.availability, Availability.LOW);
      const { goodsId, createTime, updateTime, sku, name, description, stock } = created;
      assert.deepEqual({ sku, name, description, stock }, fields);
      assert.deepEqual(
        [created.unitPriceCents, created.status, created.imageUrl],
        [500n, GoodsStatus.ON_SALE, "https://example.com/a.png"],
      );
      assert.deepEqual(createTime, updateTime);
      const { entries } = await service.admin.listStockLog({ goodsId });
      assert.deepEqual(
        entries.map(({ type, delta, orderId }) => [type, delta, orderId]),
        [[1, 7n, 0n]],
      );
    });

    it("stores texts in composed form, in which they are found", async () => {
      const mark = newKey();
      const text = `Émaille 한국 が ${mark}`;
      const decomposed = text.normalize("NFD");
      assert.notEqual(decomposed, text);
      const request = { requestId: newKey(), name: decomposed, description: decomposed };
      const created = await service.newGoods({ ...request, sku: `É${mark}`.normalize("NFD") });
      const { goodsId } = created;
      assert.deepEqual([created.name, created.description, created.sku], [text, text, `É${mark}`]);
      assert.deepEqual(await namesFound(decomposed), [text]);
      const changed = { goodsId, name: `${decomposed} !`, description: decomposed };
      const { goods } = await service.admin.updateGoods(changed);
      assert.deepEqual([goods?.name, goods?.description], [`${text} !`, text]);
      const composed = service.newGoods({ sku: `É${mark}` });
      await refused(composed, Reason.INVALID_ARGUMENT);
    });

    it("creates once if the same request id arrives 20 times concurrently", async () => {
      const request = { requestId: newKey(), name: "Saw", unitPriceCents: 1n, stock: 3n };
      const created = await times(20, () => service.newGoods(request));
      for (const goods of created) assert.deepEqual(goods, created[0]);
    });

    it("repeats its first answer, also after a change", async () => {
      const request = { requestId: newKey(), sku: newKey(), name: "Saw", stock: 3n };
      const created = await service.newGoods(request);
      const { goodsId } = created;
      await service.admin.updateGoods({ goodsId, name: "Old saw", status: GoodsStatus.OFF_SHELF });
      await service.admin.adjustStock({ requestId: newKey(), goodsId, delta: 1n });
      assert.deepEqual(await service.newGoods(request), created);
    });

    it("looks for a known request id before it judges the contents", async () => {
      const request = { requestId: newKey(), sku: newKey(), name: "Saw" };
      await service.newGoods(request);
      const malformed = { ...request, name: "Saw " };
      await refused(service.newGoods(malformed), Reason.REQUEST_ID_REUSED);
      await invalid(service.newGoods({ ...malformed, requestId: newKey() }));
    });

    it("refuses a request id that was used with other contents", async () => {
      const requestId = newKey();
      await service.newGoods({ requestId });
      const others = [{ name: "Nail" }, { stock: 99n }, { unitPriceCents: 1n }, { sku: newKey() }];
      for (const other of others) {
        await refused(service.newGoods({ requestId, ...other }), Reason.REQUEST_ID_REUSED);
      }
    });

    it("gives a sku to one item, compared byte by byte, and allows many without one", async () => {
      const sku = `k-${newKey()}`;
      const two = [service.newGoods({ sku }), service.newGoods({ sku })];
      const settled = await Promise.allSettled(two);
      assert.equal(settled.filter(({ status }) => status === "fulfilled").length, 1);
      const { violations } = await invalid(service.newGoods({ sku }));
      assert.equal(violations[0]?.field, "sku");
      await service.newGoods({ sku: sku.toUpperCase() });
      await service.newGoods({ sku: "" });
      await service.newGoods({ sku: "" });
    });

    const malformed: [string, Parameters<GoodsUnderTest["newGoods"]>[0]][] = [
      ["request_id", { requestId: "" }],
      ["request_id", { requestId: "with space" }],
      ["sku", { sku: "x".repeat(65) }],
      ["sku", { sku: " x" }],
      ["name", { name: "" }],
      ["name", { name: "  " }],
      ["name", { name: "x".repeat(201) }],
      ["name", { name: "a\u0000b" }],
      ["description", { description: "x".repeat(5_001) }],
      ["unit_price_cents", { unitPriceCents: -1n }],
      ["unit_price_cents", { unitPriceCents: 2n ** 53n }],
      ["stock", { stock: -1n }],
      ["stock", { stock: 2n ** 62n }],
      ["image_url", { imageUrl: "javascript:alert(1)" }],
      ["image_url", { imageUrl: `https://example.com/${"x".repeat(2_000)}` }],
    ];
    for (const [index, [field, fields]] of malformed.entries()) {
      it(`refuses a malformed ${field} (${index})`, async () => {
        const { violations } = await invalid(service.newGoods(fields));
        assert.deepEqual([...new Set(violations.map((violation) => violation.field))], [field]);
      });
    }
  });

  describe("UpdateGoods", () => {
    it("changes the fields that are set and no others", async () => {
      const created = await service.newGoods();
      const { goodsId } = created;
      const steps: Changes[] = [
        { name: "Axe" },
        { description: "sharp" },
        { unitPriceCents: 1n },
        { status: GoodsStatus.OFF_SHELF },
        { imageUrl: "http://example.com" },
        { description: "", imageUrl: "" },
        {},
      ];
      let expected = { ...created, updateTime: undefined };
      for (const step of steps) {
        const { goods } = await service.admin.updateGoods({ ...step, goodsId });
        const derived = { etag: goods?.etag ?? "", availability: goods?.availability ?? 0 };
        expected = { ...expected, ...step, ...derived, updateTime: undefined };
        assert.deepEqual({ ...goods, updateTime: undefined }, expected);
      }
    });

    it("changes the fields that the mask names, and clears those that are not set", async () => {
      const created = await service.newGoods({ description: "Whistles." });
      const { goodsId } = created;
      const update = (paths: string[], fields: Changes = {}) =>
        service.admin.updateGoods({ goodsId, ...fields, updateMask: { paths } });
      const fields = { name: "Pot", description: "Silent.", unitPriceCents: 7n };
      const { goods } = await update(["name", "unit_price_cents"], fields);
      assert.deepEqual(
        [goods?.name, goods?.description, goods?.unitPriceCents],
        ["Pot", "Whistles.", 7n],
      );
      assert.equal((await update(["description"])).goods?.description, "");
      for (const paths of [["stock"], ["name", "goods_id"], ["unitPriceCents"], [""], ["*"]]) {
        const { violations } = await invalid(update(paths, fields));
        assert.equal(violations[0]?.field, "update_mask");
      }
      for (const path of ["name", "status", "unit_price_cents"]) await invalid(update([path]));
    });

    it("refuses the second of two changes of one version, with the current etag", async () => {
      const { goodsId, etag } = await service.newGoods();
      const both = await Promise.allSettled(
        ["Axe", "Saw"].map((name) => service.admin.updateGoods({ goodsId, name, etag })),
      );
      assert.equal(both.filter(({ status }) => status === "fulfilled").length, 1);
      const current = (await service.admin.getGoods({ goodsId })).goods?.etag ?? "";
      assert.notEqual(current, etag);
      const late = service.admin.updateGoods({ goodsId, unitPriceCents: 7n, etag });
      const { metadata } = await refused(late, Reason.ETAG_MISMATCH);
      assert.deepEqual(metadata, { goods_id: `${goodsId}`, etag: current });
      await service.admin.adjustStock({ requestId: newKey(), goodsId, delta: 1n });
      await service.admin.updateGoods({ goodsId, unitPriceCents: 7n, etag: current });
      await service.admin.updateGoods({ goodsId, name: "Unconditional" });
      await invalid(service.admin.updateGoods({ goodsId, name: "x", etag: "x".repeat(65) }));
    });

    it("refuses goods that do not exist, and malformed fields", async () => {
      const { goodsId } = await service.newGoods();
      await refused(service.admin.updateGoods({ goodsId: newId() }), Reason.GOODS_NOT_FOUND);
      await invalid(service.admin.updateGoods({ goodsId: 0n }));
      await invalid(service.admin.updateGoods({ goodsId, name: "" }));
      await invalid(service.admin.updateGoods({ goodsId, unitPriceCents: -1n }));
      await invalid(service.admin.updateGoods({ goodsId, imageUrl: "data:x" }));
      for (const status of [0, 3, 999, -1] as GoodsStatus[]) {
        await invalid(service.admin.updateGoods({ goodsId, status }));
      }
    });
  });

  describe("GetGoods and ListGoods", () => {
    it("refuse unknown goods and malformed identifiers", async () => {
      await refused(service.anyone.getGoods({ goodsId: newId() }), Reason.GOODS_NOT_FOUND);
      for (const goodsId of [0n, -1n, -(2n ** 63n)]) {
        await invalid(service.anyone.getGoods({ goodsId }));
        await invalid(service.anyone.listGoods({ goodsIds: [goodsId] }));
      }
    });

    it("return all goods page by page, each once", async () => {
      const created = await times(25, () => service.newGoods());
      const goodsIds = created.map(({ goodsId }) => goodsId);
      const seen: bigint[] = [];
      let pageToken = "";
      do {
        const page = await service.anyone.listGoods({ pageSize: 7, pageToken, goodsIds });
        assert.ok(page.goods.length <= 7);
        seen.push(...page.goods.map(({ goodsId }) => goodsId));
        pageToken = page.nextPageToken;
      } while (pageToken);
      assert.deepEqual(seen, goodsIds.toSorted());
      const first = await service.anyone.listGoods({});
      assert.equal(first.goods.length, 20);
      const twice = await service.anyone.listGoods({
        pageSize: 25,
        goodsIds: [...goodsIds, ...goodsIds],
      });
      assert.deepEqual([twice.goods.length, twice.nextPageToken], [25, ""]);
    });

    it("search each word in name and sku, ignore case and accents, and treat no character specially", async () => {
      const letters = () =>
        newKey().replaceAll(/\d/g, (digit) => "abcdefghij"[Number(digit)] ?? "");
      const mark = letters();
      const names = ["50% off_ \\ now?", "50 percent", "Émaille | 😀", "emaille 😃", "it's 'a'"];
      const goods = names.map((name) =>
        service.newGoods({ name: `${name} ${mark}`, sku: letters() }),
      );
      const [first] = await Promise.all(goods);
      const found = async (words: string) =>
        (await namesFound(`${words} ${mark.toUpperCase()}`))
          .map((name) => names.indexOf(name.replace(` ${mark}`, "")))
          .toSorted();
      assert.deepEqual(await found(""), [0, 1, 2, 3, 4]);
      assert.deepEqual(await found("50"), [0, 1]);
      assert.deepEqual(await found("%"), [0]);
      assert.deepEqual(await found("off_"), [0]);
      assert.deepEqual(await found("off%"), []);
      assert.deepEqual(await found("\\"), [0]);
      assert.deepEqual(await found("now?"), [0]);
      assert.deepEqual(await found("|"), [2]);
      assert.deepEqual(await found("EMAIL"), [2, 3]);
      assert.deepEqual(await found("😀"), [2]);
      assert.deepEqual(await found("'a' it's"), [4]);
      assert.deepEqual(await found("' or 1=1 --"), []);
      assert.deepEqual(await found(first?.sku.slice(2).toUpperCase() ?? ""), [0]);
    });

    it("list goods off the shelf for administrators and services only", async () => {
      const { goodsId } = await service.newGoods();
      await service.admin.updateGoods({ goodsId, status: GoodsStatus.OFF_SHELF });
      for (const caller of [service.admin, service.order]) {
        const { goods } = await caller.listGoods({ goodsIds: [goodsId] });
        assert.deepEqual([goods[0]?.status, goods[0]?.stock], [GoodsStatus.OFF_SHELF, 100n]);
      }
      for (const caller of [service.anyone, service.as(1n)]) {
        const { goods } = await caller.listGoods({ goodsIds: [goodsId] });
        assert.deepEqual(goods, []);
        const one = await caller.getGoods({ goodsId });
        assert.equal(one.goods?.status, GoodsStatus.OFF_SHELF);
        assert.equal(one.goods.availability, Availability.UNSPECIFIED);
        assert.equal(one.goods.stock, 0n);
      }
    });

    it("show shoppers the availability in place of the stock", async () => {
      const stocks = [0n, 1n, 10n, 11n];
      const created = await Promise.all(stocks.map((stock) => service.newGoods({ stock })));
      const goodsIds = created.map(({ goodsId }) => goodsId);
      const { OUT_OF_STOCK, LOW, IN_STOCK } = Availability;
      for (const [caller, seen] of [
        [service.anyone, [0n, 0n, 0n, 0n]],
        [service.as(1n), [0n, 0n, 0n, 0n]],
        [service.admin, stocks],
        [service.order, stocks],
      ] as const) {
        const { goods } = await caller.listGoods({ goodsIds });
        const inOrder = goodsIds.map((id) => goods.find(({ goodsId }) => goodsId === id));
        assert.deepEqual(
          inOrder.map((item) => item?.stock),
          seen,
        );
        const expected = [OUT_OF_STOCK, LOW, LOW, IN_STOCK];
        assert.deepEqual(
          inOrder.map((item) => item?.availability),
          expected,
        );
        for (const item of goods) {
          assert.deepEqual((await caller.getGoods({ goodsId: item.goodsId })).goods, item);
        }
      }
    });

    it("refuse queries and lists that are too large, and pages that cannot be", async () => {
      const list = service.anyone.listGoods;
      for (const pageSize of [-1, -(2 ** 31)]) await invalid(list({ pageSize }));
      for (const pageToken of ["x", "AAAAAAAAAAA", "'; drop"]) await invalid(list({ pageToken }));
      await invalid(list({ query: "x".repeat(201) }));
      await invalid(list({ query: "a b c d e f g h i j k" }));
      await invalid(list({ query: "a\u0000" }));
      const goodsIds = Array.from({ length: 1_001 }, (_, index) => BigInt(index + 1));
      await invalid(list({ goodsIds }));
      assert.deepEqual((await list({ goodsIds: goodsIds.slice(1) })).goods, []);
    });
  });
});
