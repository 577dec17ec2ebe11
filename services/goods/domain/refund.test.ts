import assert from "node:assert/strict";
import fc from "fast-check";
import { ParticipantState, splitForRelease } from "#platform/values/participant.ts";
import { Refusal } from "#platform/values/refusal.ts";
import { GoodsStatus } from "./goods.ts";
import { checkRefund, decideRefunds, type Refund } from "./refund.ts";
import { releaseMovements } from "./release.ts";
import { closedReservation, type Reservation } from "./reservation.ts";
import { decideReservations } from "./reserve.ts";
import { type Movement, StockLogType } from "./stock.ts";

const OPENING = 10n;
const GOODS = [7n, 8n];

/** The rows of one order as the store would keep them. */
class Shelf {
  reservations = new Map<bigint, Reservation>();
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
        { stock, status: GoodsStatus.ON_SALE, unitPriceCents: 500n },
      ]),
    );
    const refunded = new Set(
      [...this.log, ...this.early].flatMap(({ refundId }) => refundId ?? []),
    );
    return { reservations: this.reservations, held, goods, refunded };
  }

  private apply(movements: Movement[]) {
    for (const movement of movements) {
      const { goodsId, delta, stockAfter } = movement;
      this.stock.set(goodsId, (this.stock.get(goodsId) ?? 0n) + delta);
      assert.equal(this.stock.get(goodsId), stockAfter);
      this.log.push(movement);
    }
  }

  private write(reservations: Reservation[]) {
    for (const reservation of reservations) {
      this.reservations.set(reservation.orderId, reservation);
    }
  }

  reserve(orderId: bigint, units: readonly (readonly [bigint, bigint])[]) {
    const known = this.reservations.get(orderId);
    if (known && known.state !== ParticipantState.EARLY) return;
    const lines = units.map(([goodsId, quantity]) => ({ goodsId, quantity, unitPriceCents: 500n }));
    const early = Map.groupBy(this.early, (refund) => refund.orderId);
    const { goods } = this.known();
    const decision = decideReservations([{ orderId, lines }], { goods, early });
    this.apply(decision.movements);
    this.write(decision.reservations);
  }

  cancel(orderId: bigint) {
    const closing = new Map([[orderId, { orderId }]]);
    const { open, unknown } = splitForRelease(closing, this.reservations);
    this.apply(releaseMovements(open, this.known()));
    this.write([...open, ...unknown].map(closedReservation));
  }

  refund(...refunds: Refund[]) {
    const decision = decideRefunds(refunds, this.known());
    this.apply(decision.movements);
    this.write(decision.released.map((orderId) => closedReservation({ orderId })));
    this.write(decision.marks);
    this.early.push(...decision.early);
  }

  end() {
    return { stock: [...this.stock], state: this.reservations.get(1n)?.state };
  }
}

const refund = (refundId: bigint, ...units: [bigint, bigint][]): Refund => ({
  orderId: 1n,
  refundId,
  lines: units.map(([goodsId, quantity]) => ({ goodsId, quantity })),
});

describe("decideRefunds", () => {
  it("brings the lines of a refund back once, even if two events of a batch report it", () => {
    const shelf = new Shelf();
    shelf.reserve(1n, [[7n, 3n]]);
    shelf.refund(refund(21n, [7n, 1n]), refund(21n, [7n, 1n]));
    shelf.refund(refund(21n, [7n, 1n]));
    assert.deepEqual(shelf.end(), {
      stock: [
        [7n, 8n],
        [8n, 10n],
      ],
      state: ParticipantState.HELD,
    });
    const returns = shelf.log.filter(({ type }) => type === StockLogType.RETURN);
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
      state: ParticipantState.RELEASED,
    });
  });

  it("adds up two lines of the same goods", () => {
    const shelf = new Shelf();
    shelf.reserve(1n, [[7n, 3n]]);
    shelf.refund(refund(21n, [7n, 1n], [7n, 1n]));
    assert.equal(shelf.log.length, 2);
    assert.deepEqual(shelf.end().stock[0], [7n, 9n]);
  });

  it("gives nothing back for a refused order", () => {
    const shelf = new Shelf();
    shelf.reserve(1n, [[7n, 11n]]);
    shelf.refund(refund(21n, [7n, 11n]));
    assert.deepEqual(shelf.end(), {
      stock: [
        [7n, 10n],
        [8n, 10n],
      ],
      state: ParticipantState.REFUSED,
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
      // Two runs of the same steps, each step at least once, in different orders with repetitions.
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
  it("refuses an event whose numbers are out of range", () => {
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
