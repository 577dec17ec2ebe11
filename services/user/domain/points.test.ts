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
const rated = (pointsPerUnit: bigint, unitCents = 100n) => ({ pointsPerUnit, unitCents });
const pointsOf = (entries: readonly PointEntry[]) => entries.map(({ points }) => points);
const sum = (entries: readonly PointEntry[]) =>
  pointsOf(entries).reduce((total, points) => total + points, 0n);

describe("points", () => {
  it("count each full unit spent, and no part of one", () => {
    const orders = [paid(1n, 7n, 99n), paid(2n, 7n, 100n), paid(3n, 7n, 299n)];
    assert.deepEqual(pointsOf(decidePoints(orders, [], rated(3n))), [0n, 3n, 6n]);
    assert.deepEqual(decidePoints([paid(4n, 7n, 0n)], [], rated(3n)), []);
  });

  it("are rounded down below zero, too", () => {
    const cents = [-201n, -200n, -101n, -100n, -99n, -1n, 0n, 99n, 100n];
    const expected = [-3n, -2n, -2n, -1n, -1n, -1n, 0n, 0n, 1n];
    assert.deepEqual(
      cents.map((spent) => pointsFor(spent, rated(1n))),
      expected,
    );
  });

  it("are given once, even if an order arrives repeatedly", () => {
    const orders = [paid(1n, 7n, 500n), paid(1n, 7n, 500n), paid(2n, 7n, 500n)];
    const log = decidePoints([paid(2n, 7n, 500n)], [], rated(1n));
    assert.deepEqual(decidePoints(orders, log, rated(1n)), [
      { ...paid(1n, 7n, 500n), points: 5n, pointsPerUnit: 1n, unitCents: 100n },
    ]);
  });

  it("are taken once by a refund, computed from what the order spent in all", () => {
    const log = decidePoints([paid(1n, 7n, 250n)], [], rated(1n));
    const first = decidePoints([refunded(21n, 50n), refunded(21n, 50n)], log, rated(1n));
    assert.deepEqual(pointsOf(first), [0n]);
    const second = decidePoints(
      [refunded(21n, 50n), refunded(22n, 1n)],
      [...log, ...first],
      rated(1n),
    );
    assert.deepEqual(pointsOf(second), [-1n]);
  });

  it("are taken back at the rate at which they were given", () => {
    const log = decidePoints([paid(1n, 7n, 1_000n)], [], rated(2n));
    assert.deepEqual(pointsOf(decidePoints([refunded(21n, 1_000n)], log, rated(5n))), [-20n]);
  });

  it("follow what the order was placed with, not the shop's rate of today", () => {
    const yen = { ...paid(1n, 7n, 24_690n), pointsPerUnit: 2n, currencyCode: "JPY" };
    const given = decidePoints([yen], [], rated(5n));
    assert.deepEqual(pointsOf(given), [49_380n]);
    const back = { ...refunded(21n, 24_690n), pointsPerUnit: 9n, currencyCode: "EUR" };
    assert.deepEqual(pointsOf(decidePoints([back], given, rated(7n))), [-49_380n]);
    const dinars = { ...paid(2n, 7n, 2_999n), currencyCode: "KWD" };
    assert.deepEqual(pointsOf(decidePoints([dinars], [], rated(3n))), [6n]);
    const free = { ...paid(3n, 7n, 2_999n), pointsPerUnit: 0n };
    assert.deepEqual(pointsOf(decidePoints([free], [], rated(3n))), [0n]);
    assert.deepEqual(pointsOf(decidePoints([paid(4n, 7n, 50n)], [], rated(3n, 1n))), [150n]);
  });

  it("are the same when a refund overtakes the payment of an order in yen", () => {
    const terms = { pointsPerUnit: 1n, currencyCode: "JPY" };
    const early = decidePoints([{ ...refunded(21n, 40n), ...terms }], [], rated(5n));
    const late = decidePoints([{ ...paid(1n, 7n, 100n), ...terms }], early, rated(5n));
    assert.deepEqual(pointsOf([...early, ...late]), [-40n, 100n]);
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
        const first = decidePoints(twice.slice(0, cut), [], rated(rate));
        const second = decidePoints(twice.slice(cut), first, rated(rate));
        assert.equal(sum([...first, ...second]), (kept / 100n) * rate);
      }),
    );
  });

  it("are added up for each user", () => {
    const orders = [paid(1n, 9n, 100n), paid(2n, 7n, 200n), paid(3n, 9n, 300n)];
    assert.deepEqual(
      [...pointChanges(decidePoints(orders, [], rated(1n)))],
      [
        [7n, 2n],
        [9n, 4n],
      ],
    );
  });

  it("stay exact for the largest amount", () => {
    const entries = decidePoints([paid(1n, 7n, MAX_CENTS)], [], rated(100n));
    assert.deepEqual(pointsOf(entries), [(MAX_CENTS / 100n) * 100n]);
  });

  it("are not given for an event whose numbers are out of range", () => {
    checkPaidOrder(paid(1n, 7n, MAX_CENTS));
    const impossible = [
      paid(0n, 7n, 1n),
      paid(1n, 0n, 1n),
      paid(1n, 7n, -1n),
      paid(1n, 7n, MAX_CENTS + 1n),
      { ...paid(1n, 7n, 1n), pointsPerUnit: -1n },
      { ...paid(1n, 7n, 1n), currencyCode: "XXQ" },
      { ...paid(1n, 7n, 1n), currencyCode: "" },
    ];
    for (const order of impossible) assert.throws(() => checkPaidOrder(order), Refusal);
  });
});
