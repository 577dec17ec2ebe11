import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Refusal } from "#platform/values/refusal.ts";
import {
  checkPaidOrder,
  decidePoints,
  type PointEntry,
  pointChanges,
  pointsFor,
  type Spending,
} from "./points.ts";

const paid = (orderId: bigint, userId: bigint, spentCents: bigint): Spending => ({
  orderId,
  userId,
  spentCents,
  refundId: 0n,
});
const refunded = (refundId: bigint, spentCents: bigint): Spending => ({
  ...paid(1n, 7n, -spentCents),
  refundId,
});
const pointsOf = (entries: readonly PointEntry[]) => entries.map(({ points }) => points);
const sum = (entries: readonly PointEntry[]) =>
  pointsOf(entries).reduce((total, points) => total + points, 0n);

describe("points", () => {
  it("count each full unit spent, and no part of one", () => {
    const orders = [paid(1n, 7n, 99n), paid(2n, 7n, 100n), paid(3n, 7n, 299n)];
    assert.deepEqual(pointsOf(decidePoints(orders, [], 3n)), [0n, 3n, 6n]);
    assert.deepEqual(decidePoints([paid(4n, 7n, 0n)], [], 3n), []);
  });

  it("are rounded down below zero, too", () => {
    const cents = [-201n, -200n, -101n, -100n, -99n, -1n, 0n, 99n, 100n];
    const expected = [-3n, -2n, -2n, -1n, -1n, -1n, 0n, 0n, 1n];
    assert.deepEqual(
      cents.map((spent) => pointsFor(spent, 1n)),
      expected,
    );
  });

  it("are given once, even if an order arrives repeatedly", () => {
    const orders = [paid(1n, 7n, 500n), paid(1n, 7n, 500n), paid(2n, 7n, 500n)];
    const log = decidePoints([paid(2n, 7n, 500n)], [], 1n);
    assert.deepEqual(decidePoints(orders, log, 1n), [
      { ...paid(1n, 7n, 500n), points: 5n, pointsPerUnit: 1n },
    ]);
  });

  it("are taken once by a refund, computed from what the order spent in all", () => {
    const log = decidePoints([paid(1n, 7n, 250n)], [], 1n);
    const first = decidePoints([refunded(21n, 50n), refunded(21n, 50n)], log, 1n);
    assert.deepEqual(pointsOf(first), [0n]);
    const second = decidePoints([refunded(21n, 50n), refunded(22n, 1n)], [...log, ...first], 1n);
    assert.deepEqual(pointsOf(second), [-1n]);
  });

  it("are taken back at the rate at which they were given", () => {
    const log = decidePoints([paid(1n, 7n, 1_000n)], [], 2n);
    assert.deepEqual(pointsOf(decidePoints([refunded(21n, 1_000n)], log, 5n)), [-20n]);
  });

  it("add up to what is spent in all, in any order and repetition of payment and refunds", () => {
    const cents = fc.bigInt({ min: 0n, max: 1_000n });
    const scene = fc.record({
      kept: cents,
      parts: fc.array(cents, { maxLength: 5 }),
      rate: fc.bigInt({ min: 0n, max: 7n }),
      seed: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
      cut: fc.nat({ max: 12 }),
    });
    fc.assert(
      fc.property(scene, ({ kept, parts, rate, seed, cut }) => {
        const whole = parts.reduce((total, part) => total + part, kept);
        const changes = [
          paid(1n, 7n, whole),
          ...parts.map((part, index) => refunded(BigInt(21 + index), part)),
        ];
        const twice = [...changes, ...changes]
          .map((change, index) => ({ change, key: seed[index] ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ change }) => change);
        const first = decidePoints(twice.slice(0, cut), [], rate);
        const second = decidePoints(twice.slice(cut), first, rate);
        assert.equal(sum([...first, ...second]), (kept / 100n) * rate);
      }),
    );
  });

  it("are added up for each user", () => {
    const orders = [paid(1n, 9n, 100n), paid(2n, 7n, 200n), paid(3n, 9n, 300n)];
    assert.deepEqual(
      [...pointChanges(decidePoints(orders, [], 1n))],
      [
        [7n, 2n],
        [9n, 4n],
      ],
    );
  });

  it("stay exact for the largest amount", () => {
    const entries = decidePoints([paid(1n, 7n, MAX_CENTS)], [], 100n);
    assert.deepEqual(pointsOf(entries), [(MAX_CENTS / 100n) * 100n]);
  });

  it("are not given for an event whose numbers are out of range", () => {
    checkPaidOrder(paid(1n, 7n, MAX_CENTS));
    const impossible = [
      paid(0n, 7n, 1n),
      paid(1n, 0n, 1n),
      paid(1n, 7n, -1n),
      paid(1n, 7n, MAX_CENTS + 1n),
    ];
    for (const order of impossible) assert.throws(() => checkPaidOrder(order), Refusal);
  });
});
