import assert from "node:assert/strict";
import fc from "fast-check";
import { Refusal } from "#platform/values/refusal.ts";
import { GoodsStatus } from "./goods.ts";
import { decideReleases } from "./release.ts";
import { decideReservations } from "./reserve.ts";
import { checkRefund, decideReturns, type Refund } from "./returns.ts";
import { type Decision, type Movement, MovementType, OrderState } from "./stock.ts";

const OPENING = 10n;
const GOODS = [7n, 8n];

/** One order's rows as the store would keep them. */
class Shelf {
  ledger = new Map<bigint, Decision>();
  log: Movement[] = [];
  early: Refund[] = [];
  stock = new Map(GOODS.map((goodsId) => [goodsId, OPENING]));

  private known() {
    const held = new Map<bigint, Map<bigint, bigint>>();
    for (const { orderId, goodsId, delta } of this.log) {
      const units = held.get(orderId ?? 0n) ?? new Map<bigint, bigint>();
      held.set(orderId ?? 0n, units.set(goodsId, (units.get(goodsId) ?? 0n) - delta));
    }
    for (const units of held.values())
      for (const [goodsId, count] of units) if (count === 0n) units.delete(goodsId);
    const goods = new Map(
      [...this.stock].map(([goodsId, stock]) => [
        goodsId,
        { stock, status: GoodsStatus.onSale, unitPriceCents: 500n },
      ]),
    );
    const refunded = new Set(
      [...this.log, ...this.early].flatMap(({ refundId }) => refundId ?? []),
    );
    return { ledger: this.ledger, held, goods, refunded };
  }

  private apply(movements: Movement[]) {
    for (const movement of movements) {
      const { goodsId, delta, stockAfter } = movement;
      this.stock.set(goodsId, (this.stock.get(goodsId) ?? 0n) + delta);
      assert.equal(this.stock.get(goodsId), stockAfter);
      this.log.push(movement);
    }
  }

  private close(orderIds: bigint[]) {
    for (const orderId of orderIds) {
      this.ledger.set(orderId, { orderId, state: OrderState.released, refusal: undefined });
    }
  }

  reserve(orderId: bigint, units: readonly (readonly [bigint, bigint])[]) {
    const lines = units.map(([goodsId, quantity]) => ({ goodsId, quantity, unitPriceCents: 500n }));
    const early = Map.groupBy(this.early, (refund) => refund.orderId);
    const taken = new Map([[orderId, new Map(units)]]);
    const known = { ...this.known(), taken, early };
    const result = decideReservations([{ orderId, lines }], known);
    this.apply(result.movements);
    for (const decision of result.decisions) this.ledger.set(decision.orderId, decision);
  }

  cancel(orderId: bigint) {
    const { released, marks, movements } = decideReleases([orderId], this.known());
    this.apply(movements);
    this.close([...released, ...marks.map((mark) => mark.orderId)]);
  }

  refund(...refunds: Refund[]) {
    const returned = decideReturns(refunds, this.known());
    this.apply(returned.movements);
    this.close(returned.released);
    for (const mark of returned.marks) this.ledger.set(mark.orderId, mark);
    this.early.push(...returned.early);
  }

  end() {
    return { stock: [...this.stock], state: this.ledger.get(1n)?.state };
  }
}

const refund = (refundId: bigint, ...units: [bigint, bigint][]): Refund => ({
  orderId: 1n,
  refundId,
  lines: units.map(([goodsId, quantity]) => ({ goodsId, quantity })),
});

describe("decideReturns", () => {
  it("brings the lines of a refund back, once, though two events of one batch tell it", () => {
    const shelf = new Shelf();
    shelf.reserve(1n, [[7n, 3n]]);
    shelf.refund(refund(21n, [7n, 1n]), refund(21n, [7n, 1n]));
    shelf.refund(refund(21n, [7n, 1n]));
    assert.deepEqual(shelf.end(), {
      stock: [
        [7n, 8n],
        [8n, 10n],
      ],
      state: OrderState.held,
    });
    const returns = shelf.log.filter(({ type }) => type === MovementType.return);
    assert.deepEqual(
      returns.map(({ refundId, delta, stockAfter }) => [refundId, delta, stockAfter]),
      [[21n, 1n, 8n]],
    );
  });

  it("gives back no more than the order holds, and closes it when that is all", () => {
    const shelf = new Shelf();
    shelf.reserve(1n, [[7n, 3n]]);
    shelf.refund(refund(21n, [7n, 2n]), refund(22n, [7n, 2n], [8n, 5n]));
    assert.deepEqual(shelf.end(), {
      stock: [
        [7n, 10n],
        [8n, 10n],
      ],
      state: OrderState.released,
    });
  });

  it("takes two lines of the same goods for one", () => {
    const shelf = new Shelf();
    shelf.reserve(1n, [[7n, 3n]]);
    shelf.refund(refund(21n, [7n, 1n], [7n, 1n]));
    assert.equal(shelf.log.length, 2);
    assert.deepEqual(shelf.end().stock[0], [7n, 9n]);
  });

  it("gives a refused order nothing", () => {
    const shelf = new Shelf();
    shelf.reserve(1n, [[7n, 11n]]);
    shelf.refund(refund(21n, [7n, 11n]));
    assert.deepEqual(shelf.end(), {
      stock: [
        [7n, 10n],
        [8n, 10n],
      ],
      state: OrderState.refused,
    });
  });

  it("ends the same in every order and repetition of reservation, cancellation and refunds", () => {
    const quantity = fc.bigInt({ min: 1n, max: 4n });
    const steps = fc.uniqueArray(fc.constantFrom("R", "C", "1", "2"), { minLength: 1 });
    const scene = fc.record({
      units: fc.tuple(quantity, quantity),
      returned: fc.array(fc.tuple(fc.constantFrom(...GOODS), quantity), {
        minLength: 2,
        maxLength: 2,
      }),
      // The same steps twice, each at least once, in two orders and with repetitions.
      runs: steps.chain((all) => {
        const run = fc
          .array(fc.constantFrom(...all), { maxLength: 6 })
          .chain((more) =>
            fc.shuffledSubarray([...all, ...more], { minLength: all.length + more.length }),
          );
        return fc.tuple(run, run);
      }),
    });
    fc.assert(
      fc.property(scene, ({ units, returned, runs }) => {
        const lines = GOODS.map((goodsId, index) => [goodsId, units[index] ?? 1n] as const);
        const [first, second] = runs.map((run) => {
          const shelf = new Shelf();
          for (const step of run) {
            if (step === "R") shelf.reserve(1n, lines);
            else if (step === "C") shelf.cancel(1n);
            else
              shelf.refund(
                refund(20n + BigInt(step), ...returned.slice(Number(step) - 1, Number(step))),
              );
          }
          return shelf.end();
        });
        assert.deepEqual(first, second);
        for (const [, stock] of first?.stock ?? []) assert.ok(stock >= 0n && stock <= OPENING);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("checkRefund", () => {
  it("refuses an event with impossible numbers", () => {
    checkRefund(refund(21n, [7n, 1n]));
    for (const bad of [
      { ...refund(21n), orderId: 0n },
      refund(0n, [7n, 1n]),
      refund(21n, [0n, 1n]),
      refund(21n, [7n, 0n]),
      refund(21n, [7n, 1_000_001n]),
    ]) {
      assert.throws(() => checkRefund(bad), Refusal);
    }
  });
});
