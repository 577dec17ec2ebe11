import assert from "node:assert/strict";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { decideReleases } from "./release.ts";
import { type Decision, OrderState } from "./stock.ts";

const ledgerOf = (...decisions: Decision[]) =>
  new Map(decisions.map((decision) => [decision.orderId, decision]));
const heldBy = (orderId: bigint): Decision => ({
  orderId,
  state: OrderState.held,
  refusal: undefined,
});

describe("decideReleases", () => {
  it("gives back what each order holds, once for an order that is named twice", () => {
    const result = decideReleases([1n, 2n, 1n], {
      ledger: ledgerOf(heldBy(1n), heldBy(2n)),
      held: new Map([
        [1n, new Map([[7n, 2n]])],
        [2n, new Map([[7n, 3n]])],
      ]),
      goods: new Map([[7n, { stock: 10n }]]),
    });
    assert.deepEqual(result.released, [1n, 2n]);
    assert.deepEqual(
      result.movements.map(({ orderId, delta, stockAfter }) => [orderId, delta, stockAfter]),
      [
        [1n, 2n, 12n],
        [2n, 3n, 15n],
      ],
    );
  });

  it("marks an order that it does not know as closed", () => {
    const none = { ledger: ledgerOf(), held: new Map(), goods: new Map() };
    const { released, marks, movements } = decideReleases([1n, 1n], none);
    assert.deepEqual(marks, [{ orderId: 1n, state: OrderState.released, refusal: undefined }]);
    assert.deepEqual([released, movements], [[], []]);
  });

  it("leaves released and refused orders as they are", () => {
    const refusal = new Refusal(Reason.GOODS_NOT_FOUND);
    const ledger = ledgerOf(
      { orderId: 1n, state: OrderState.released, refusal: undefined },
      { orderId: 2n, state: OrderState.refused, refusal },
    );
    const result = decideReleases([1n, 2n], { ledger, held: new Map(), goods: new Map() });
    assert.deepEqual(result, { released: [], marks: [], movements: [] });
  });

  it("stops where goods that an order holds are gone", () => {
    const held = new Map([[1n, new Map([[7n, 2n]])]]);
    const known = { ledger: ledgerOf(heldBy(1n)), held, goods: new Map() };
    assert.throws(() => decideReleases([1n], known), /goods 7 of order 1 are gone/);
  });
});
