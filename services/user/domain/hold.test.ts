import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Reason } from "#platform/values/refusal.ts";
import {
  answerFrom,
  balanceChanges,
  closedBefore,
  type Deduction,
  decideDeductions,
  deductionFault,
  HoldState,
  releaseMovements,
} from "./hold.ts";

const deduction = (orderId: bigint, userId: bigint, amountCents: bigint): Deduction => ({
  orderId,
  userId,
  amountCents,
});

describe("deductions", () => {
  it("decides the orders of one user one after the other, in the order given", () => {
    const { holds, movements } = decideDeductions(
      [deduction(1n, 7n, 60n), deduction(2n, 7n, 60n), deduction(3n, 7n, 40n)],
      new Map([[7n, 100n]]),
    );
    assert.deepEqual(
      holds.map(({ state }) => state),
      [HoldState.held, HoldState.refused, HoldState.held],
    );
    assert.equal(holds[1]?.refusal?.reason, Reason.BALANCE_NOT_ENOUGH);
    assert.deepEqual(holds[1]?.refusal?.metadata, {
      user_id: "7",
      requested: "60",
      available: "40",
    });
    assert.deepEqual(
      movements.map(({ balanceAfter }) => balanceAfter),
      [40n, 0n],
    );
  });

  it("gives the last cent, and refuses one more", () => {
    const users = new Map([[7n, 5n]]);
    assert.equal(decideDeductions([deduction(1n, 7n, 5n)], users).holds[0]?.refusal, undefined);
    const refused = decideDeductions([deduction(1n, 7n, 6n)], users).holds[0];
    assert.equal(refused?.refusal?.reason, Reason.BALANCE_NOT_ENOUGH);
  });

  it("refuses a user that does not exist, and no other order with it", () => {
    const { holds } = decideDeductions(
      [deduction(1n, 8n, 1n), deduction(2n, 7n, 1n)],
      new Map([[7n, 1n]]),
    );
    assert.equal(holds[0]?.refusal?.reason, Reason.USER_NOT_FOUND);
    assert.equal(holds[1]?.state, HoldState.held);
  });

  it("answers a decided order again as it was decided", () => {
    const { holds } = decideDeductions(
      [deduction(1n, 7n, 5n), deduction(2n, 7n, 6n)],
      new Map([[7n, 5n]]),
    );
    const [held, refused] = holds;
    assert.ok(held && refused);
    assert.deepEqual(answerFrom(held, deduction(1n, 7n, 5n)), { orderId: 1n });
    assert.equal(answerFrom(refused, deduction(2n, 7n, 6n)).refusal, refused.refusal);
    for (const other of [deduction(1n, 7n, 4n), deduction(1n, 8n, 5n)]) {
      assert.equal(answerFrom(held, other).refusal?.reason, Reason.INVALID_ARGUMENT);
    }
  });

  it("refuses whatever comes after the order was closed", () => {
    const closed = closedBefore({ orderId: 1n, userId: 7n });
    const answer = answerFrom(closed, deduction(1n, 7n, 5n));
    assert.equal(answer.refusal?.reason, Reason.ORDER_CLOSED);
  });

  it("names the field of a malformed entry", () => {
    for (const [field, bad] of [
      ["d[3].order_id", deduction(0n, 1n, 1n)],
      ["d[3].user_id", deduction(1n, -1n, 1n)],
      ["d[3].amount_cents", deduction(1n, 1n, -1n)],
      ["d[3].amount_cents", deduction(1n, 1n, MAX_CENTS + 1n)],
    ] as const) {
      assert.deepEqual(
        deductionFault(bad, "d[3]")?.violations.map((violation) => violation.field),
        [field],
      );
    }
    assert.equal(deductionFault(deduction(1n, 1n, MAX_CENTS), "d[0]"), undefined);
  });

  it("never makes or loses a cent, never goes below zero, and gives back all of it", () => {
    const amounts = fc.array(fc.tuple(fc.bigInt(1n, 4n), fc.bigInt(1n, 60n)), { maxLength: 40 });
    fc.assert(
      fc.property(amounts, (entries) => {
        const balances = new Map<bigint, bigint>([1n, 2n, 3n].map((userId) => [userId, 100n]));
        const wanted = entries.map(([userId, cents], index) =>
          deduction(BigInt(index + 1), userId, cents),
        );
        const taken = decideDeductions(wanted, balances);
        const after = new Map(balances);
        for (const [userId, change] of balanceChanges(taken.movements)) {
          after.set(userId, (after.get(userId) ?? 0n) + change);
        }
        for (const [userId, balance] of after) {
          assert.ok(balance >= 0n);
          const last = taken.movements.findLast((movement) => movement.userId === userId);
          assert.equal(last?.balanceAfter ?? 100n, balance);
        }
        const back = releaseMovements(taken.holds, after);
        for (const [userId, change] of balanceChanges(back)) {
          after.set(userId, (after.get(userId) ?? 0n) + change);
        }
        assert.deepEqual(after, balances);
      }),
    );
  });
});
