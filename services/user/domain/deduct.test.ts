import assert from "node:assert/strict";
import fc from "fast-check";
import { ParticipantState } from "#platform/values/participant.ts";
import { Reason } from "#platform/values/refusal.ts";
import { balanceChanges } from "./balance.ts";
import { decideHolds } from "./deduct.ts";
import type { HoldRequest } from "./hold.ts";
import { releaseMovements } from "./release.ts";

const requestOf = (orderId: bigint, userId: bigint, amountCents: bigint): HoldRequest => ({
  orderId,
  userId,
  amountCents,
});

const decide = (requests: HoldRequest[], balances: Map<bigint, bigint>) =>
  decideHolds(requests, { balances, early: new Map() });

describe("decideHolds", () => {
  it("decides the orders of one user in the order given", () => {
    const { holds, movements } = decide(
      [requestOf(1n, 7n, 60n), requestOf(2n, 7n, 60n), requestOf(3n, 7n, 40n)],
      new Map([[7n, 100n]]),
    );
    const { HELD, REFUSED } = ParticipantState;
    assert.deepEqual(
      holds.map(({ state }) => state),
      [HELD, REFUSED, HELD],
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
    const balances = new Map([[7n, 5n]]);
    assert.equal(decide([requestOf(1n, 7n, 5n)], balances).holds[0]?.refusal, undefined);
    const [refused] = decide([requestOf(1n, 7n, 6n)], balances).holds;
    assert.equal(refused?.refusal?.reason, Reason.BALANCE_NOT_ENOUGH);
  });

  it("refuses a user that does not exist, and no other order", () => {
    const requests = [requestOf(1n, 8n, 1n), requestOf(2n, 7n, 1n)];
    const { holds } = decide(requests, new Map([[7n, 1n]]));
    assert.equal(holds[0]?.refusal?.reason, Reason.USER_NOT_FOUND);
    assert.equal(holds[1]?.state, ParticipantState.HELD);
  });

  it("never creates or loses a cent, never goes below zero, and gives back all of it", () => {
    const amounts = fc.array(fc.tuple(fc.bigInt(1n, 4n), fc.bigInt(1n, 60n)), { maxLength: 40 });
    fc.assert(
      fc.property(amounts, (entries) => {
        const balances = new Map<bigint, bigint>([1n, 2n, 3n].map((userId) => [userId, 100n]));
        const requests = entries.map(([userId, cents], index) =>
          requestOf(BigInt(index + 1), userId, cents),
        );
        const taken = decide(requests, balances);
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

describe("releaseMovements", () => {
  it("stops at a user that does not exist", () => {
    const { holds } = decide([requestOf(1n, 7n, 5n)], new Map([[7n, 5n]]));
    assert.throws(
      () => releaseMovements(holds, new Map()),
      /user 7 does not exist, but order 1 holds of their balance/,
    );
  });
});
