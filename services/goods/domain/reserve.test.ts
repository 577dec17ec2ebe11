import assert from "node:assert/strict";
import { Reason, Refusal, reasonName } from "#platform/values/refusal.ts";
import { GoodsStatus } from "./goods.ts";
import { decideReservations, type Known, type Line, type OnSale } from "./reserve.ts";
import { OrderState } from "./stock.ts";

const item = (fields: Partial<OnSale> = {}): OnSale => ({
  status: GoodsStatus.onSale,
  unitPriceCents: 500n,
  stock: 10n,
  ...fields,
});

const line = (goodsId: bigint, quantity = 1n, unitPriceCents = 500n): Line => ({
  goodsId,
  quantity,
  unitPriceCents,
});

const known = (goods: Record<number, OnSale | undefined>, more: Partial<Known> = {}): Known => ({
  ledger: new Map(),
  taken: new Map(),
  early: new Map(),
  goods: new Map(
    Object.entries(goods).flatMap(([id, value]) => (value ? [[BigInt(id), value]] : [])),
  ),
  ...more,
});

const reasons = (answers: (Refusal | undefined)[]) =>
  answers.map((refusal) => refusal && reasonName(refusal.reason));

describe("decideReservations", () => {
  it("sells the last unit, and not one more", () => {
    const orders = [1n, 2n, 3n].map((orderId) => ({ orderId, lines: [line(7n)] }));
    const result = decideReservations(orders, known({ 7: item({ stock: 2n }) }));
    assert.deepEqual(reasons(result.answers), [undefined, undefined, "STOCK_NOT_ENOUGH"]);
    assert.deepEqual(
      result.movements.map(({ orderId, delta, stockAfter }) => [orderId, delta, stockAfter]),
      [
        [1n, -1n, 1n],
        [2n, -1n, 0n],
      ],
    );
    const { held, refused } = OrderState;
    const states = result.decisions.map(({ state }) => state);
    assert.deepEqual(states, [held, held, refused]);
  });

  it("takes all lines of an order or none, and lets the next one have them", () => {
    const orders = [
      { orderId: 1n, lines: [line(7n, 10n), line(8n, 11n)] },
      { orderId: 2n, lines: [line(7n, 10n)] },
    ];
    const result = decideReservations(orders, known({ 7: item(), 8: item() }));
    assert.deepEqual(reasons(result.answers), ["STOCK_NOT_ENOUGH", undefined]);
    assert.deepEqual(
      result.movements.map(({ orderId }) => orderId),
      [2n],
    );
  });

  const refusals: [string, Line, OnSale | undefined, Record<string, string>][] = [
    ["GOODS_NOT_FOUND", line(7n), undefined, {}],
    ["GOODS_NOT_ON_SALE", line(7n), item({ status: GoodsStatus.offShelf, stock: 0n }), {}],
    [
      "GOODS_PRICE_CHANGED",
      line(7n, 1n, 499n),
      item({ stock: 0n }),
      { requested_unit_price_cents: "499", unit_price_cents: "500" },
    ],
    ["STOCK_NOT_ENOUGH", line(7n, 11n), item(), { requested: "11", available: "10" }],
  ];
  for (const [reason, wanted, goods, metadata] of refusals) {
    it(`refuses with ${reason} and tells which goods`, () => {
      const result = decideReservations(
        [{ orderId: 1n, lines: [line(6n), wanted] }],
        known({ 6: item(), 7: goods }),
      );
      assert.deepEqual(reasons(result.answers), [reason]);
      assert.deepEqual(result.answers[0]?.metadata, { goods_id: "7", ...metadata });
      assert.deepEqual(result.movements, []);
      assert.equal(result.decisions[0]?.refusal, result.answers[0]);
    });
  }

  it("answers what is decided from the ledger, whatever the stock is now", () => {
    const refusal = new Refusal(Reason.STOCK_NOT_ENOUGH, { goods_id: "7" });
    const ledger = new Map([
      [1n, { orderId: 1n, state: OrderState.held, refusal: undefined }],
      [2n, { orderId: 2n, state: OrderState.released, refusal: undefined }],
      [3n, { orderId: 3n, state: OrderState.refused, refusal }],
    ]);
    const taken = new Map([[1n, new Map([[7n, 2n]])]]);
    const result = decideReservations(
      [1n, 2n, 3n].map((orderId) => ({ orderId, lines: [line(7n, 2n)] })),
      known({ 7: item() }, { ledger, taken }),
    );
    assert.deepEqual(reasons(result.answers), [undefined, "ORDER_CLOSED", "STOCK_NOT_ENOUGH"]);
    assert.deepEqual([result.decisions, result.movements], [[], []]);
  });

  it("deducts an order that stands twice in one call once", () => {
    const order = { orderId: 1n, lines: [line(7n, 6n)] };
    const result = decideReservations([order, order], known({ 7: item() }));
    assert.deepEqual(result.answers, [undefined, undefined]);
    assert.equal(result.movements.length, 1);
    assert.equal(result.decisions.length, 1);
  });

  it("refuses other lines for an order that holds stock", () => {
    const first = { orderId: 1n, lines: [line(7n, 2n)] };
    for (const lines of [[line(7n, 1n)], [line(8n, 2n)], [line(7n, 2n), line(8n)]]) {
      const result = decideReservations([first, { orderId: 1n, lines }], known({ 7: item() }));
      assert.deepEqual(reasons(result.answers), [undefined, "INVALID_ARGUMENT"]);
      assert.equal(result.movements.length, 1);
    }
  });
});
