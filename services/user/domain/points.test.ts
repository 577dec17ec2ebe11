import assert from "node:assert/strict";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Refusal } from "#platform/values/refusal.ts";
import { checkPaidOrder, decideAwards, pointChanges } from "./points.ts";

const paid = (orderId: bigint, userId: bigint, spentCents: bigint) => ({
  orderId,
  userId,
  spentCents,
});

describe("points", () => {
  it("counts each full unit spent, and no part of one", () => {
    const orders = [paid(1n, 7n, 99n), paid(2n, 7n, 100n), paid(3n, 7n, 299n), paid(4n, 7n, 0n)];
    assert.deepEqual(decideAwards(orders, new Set(), 3n), [
      { orderId: 2n, userId: 7n, points: 3n },
      { orderId: 3n, userId: 7n, points: 6n },
    ]);
  });

  it("gives an order its points once, however often it comes", () => {
    const orders = [paid(1n, 7n, 500n), paid(1n, 7n, 500n), paid(2n, 7n, 500n)];
    const awards = decideAwards(orders, new Set([2n]), 1n);
    assert.deepEqual(awards, [{ orderId: 1n, userId: 7n, points: 5n }]);
  });

  it("adds up the orders of each user", () => {
    const orders = [paid(1n, 9n, 100n), paid(2n, 7n, 200n), paid(3n, 9n, 300n)];
    assert.deepEqual(
      [...pointChanges(decideAwards(orders, new Set(), 1n))],
      [
        [7n, 2n],
        [9n, 4n],
      ],
    );
  });

  it("stays exact for the largest amount", () => {
    const [award] = decideAwards([paid(1n, 7n, MAX_CENTS)], new Set(), 100n);
    assert.equal(award?.points, (MAX_CENTS / 100n) * 100n);
  });

  it("does not take an event with impossible numbers", () => {
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
