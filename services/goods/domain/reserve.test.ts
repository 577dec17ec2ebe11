import assert from "node:assert/strict";
import { ParticipantState } from "#platform/values/participant.ts";
import { reasonName } from "#platform/values/refusal.ts";
import { GoodsStatus } from "./goods.ts";
import type { Line, Reservation } from "./reservation.ts";
import { decideReservations, type OnSale } from "./reserve.ts";

const item = (fields: Partial<OnSale> = {}): OnSale => ({
  status: GoodsStatus.ON_SALE,
  unitPriceCents: 500n,
  stock: 10n,
  ...fields,
});

const line = (goodsId: bigint, quantity = 1n, unitPriceCents = 500n): Line => ({
  goodsId,
  quantity,
  unitPriceCents,
});

const known = (goods: Record<number, OnSale | undefined>) => ({
  early: new Map(),
  goods: new Map(
    Object.entries(goods).flatMap(([id, value]) => (value ? [[BigInt(id), value]] : [])),
  ),
});

const reasons = (reservations: Reservation[]) =>
  reservations.map(({ refusal }) => refusal && reasonName(refusal.reason));

describe("decideReservations", () => {
  it("sells the last unit, and not one more", () => {
    const orders = [1n, 2n, 3n].map((orderId) => ({ orderId, lines: [line(7n)] }));
    const result = decideReservations(orders, known({ 7: item({ stock: 2n }) }));
    assert.deepEqual(reasons(result.reservations), [undefined, undefined, "STOCK_NOT_ENOUGH"]);
    assert.deepEqual(
      result.movements.map(({ orderId, delta, stockAfter }) => [orderId, delta, stockAfter]),
      [
        [1n, -1n, 1n],
        [2n, -1n, 0n],
      ],
    );
    const { HELD, REFUSED } = ParticipantState;
    const states = result.reservations.map(({ state }) => state);
    assert.deepEqual(states, [HELD, HELD, REFUSED]);
  });

  it("takes all lines of an order or none, and leaves them to the next order", () => {
    const orders = [
      { orderId: 1n, lines: [line(7n, 10n), line(8n, 11n)] },
      { orderId: 2n, lines: [line(7n, 10n)] },
    ];
    const result = decideReservations(orders, known({ 7: item(), 8: item() }));
    assert.deepEqual(reasons(result.reservations), ["STOCK_NOT_ENOUGH", undefined]);
    assert.deepEqual(
      result.movements.map(({ orderId }) => orderId),
      [2n],
    );
  });

  const refusals: [string, Line, OnSale | undefined, Record<string, string>][] = [
    ["GOODS_NOT_FOUND", line(7n), undefined, {}],
    ["GOODS_NOT_ON_SALE", line(7n), item({ status: GoodsStatus.OFF_SHELF, stock: 0n }), {}],
    [
      "GOODS_PRICE_CHANGED",
      line(7n, 1n, 499n),
      item({ stock: 0n }),
      { requested_unit_price_cents: "499", unit_price_cents: "500" },
    ],
    ["STOCK_NOT_ENOUGH", line(7n, 11n), item(), { requested: "11", available: "10" }],
  ];
  for (const [reason, wanted, goods, metadata] of refusals) {
    it(`refuses with ${reason} and names the goods`, () => {
      const { reservations, movements } = decideReservations(
        [{ orderId: 1n, lines: [line(6n), wanted] }],
        known({ 6: item(), 7: goods }),
      );
      assert.deepEqual(reasons(reservations), [reason]);
      assert.deepEqual(reservations[0]?.refusal?.metadata, { goods_id: "7", ...metadata });
      assert.deepEqual(movements, []);
    });
  }
});
