import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { Availability, availabilityOf, checkEtag, etagOf, GoodsStatus } from "./goods.ts";

const goods = {
  goodsId: 1n,
  name: "Kettle",
  description: "",
  unitPriceCents: 500n,
  status: GoodsStatus.ON_SALE,
  imageUrl: "",
};

describe("goods", () => {
  it("are in stock above 10 units, low down to one, and then out of stock", () => {
    const { IN_STOCK, LOW, OUT_OF_STOCK } = Availability;
    for (const [stock, availability] of [
      [0n, OUT_OF_STOCK],
      [1n, LOW],
      [10n, LOW],
      [11n, IN_STOCK],
    ] as const) {
      assert.equal(availabilityOf({ ...goods, stock }), availability);
    }
    const offShelf = { stock: 100n, status: GoodsStatus.OFF_SHELF };
    assert.equal(availabilityOf(offShelf), Availability.UNSPECIFIED);
  });

  it("have another etag after a change of any field, and the same one without a change", () => {
    const changes = [
      { name: "Pot" },
      { description: "Whistles." },
      { unitPriceCents: 501n },
      { status: GoodsStatus.OFF_SHELF },
      { imageUrl: "https://example.com/kettle.jpg" },
    ];
    const etags = [goods, ...changes.map((change) => ({ ...goods, ...change }))].map(etagOf);
    assert.equal(new Set(etags).size, 6);
    assert.equal(etagOf({ ...goods }), etags[0]);
  });

  it("are not changed by a caller who read an earlier version", () => {
    const etag = etagOf(goods);
    const changed = { ...goods, name: "Pot" };
    checkEtag(goods, etag);
    checkEtag(changed, "");
    assert.throws(() => checkEtag(changed, etag), {
      reason: Reason.ETAG_MISMATCH,
      metadata: { goods_id: "1", etag: etagOf(changed) },
    });
  });
});
