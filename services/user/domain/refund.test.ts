import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { ParticipantState, splitForRelease } from "#platform/values/participant.ts";
import { Refusal } from "#platform/values/refusal.ts";
import type { Movement } from "./balance.ts";
import { decideHolds } from "./deduct.ts";
import { closedHold, type Hold } from "./hold.ts";
import { checkRefund, decideRefunds, type EarlyRefund, type Refund } from "./refund.ts";
import { releaseMovements } from "./release.ts";

const OPENING = 1_000n;
const order = { orderId: 1n, userId: 7n };

const refundOf = (refundId: bigint, balanceCents: bigint): Refund => ({
  ...order,
  refundId,
  balanceCents,
  spentCents: balanceCents,
});

/** The rows of one order and its user as the store would keep them. */
class Account {
  hold: Hold | undefined;
  balance = OPENING;
  log: Movement[] = [];
  early: EarlyRefund[] = [];

  private holds = () => new Map(this.hold ? [[order.orderId, this.hold]] : []);
  private balances = () => new Map([[order.userId, this.balance]]);

  private apply(movements: Movement[]) {
    for (const movement of movements) {
      this.balance += movement.amountCents;
      assert.equal(this.balance, movement.balanceAfter);
      this.log.push(movement);
    }
  }

  deduct(amountCents: bigint) {
    if (this.hold && this.hold.state !== ParticipantState.EARLY) return;
    const early = new Map([[order.orderId, this.early]]);
    const requests = [{ ...order, amountCents }];
    const { holds, movements } = decideHolds(requests, { balances: this.balances(), early });
    this.hold = holds[0];
    this.apply(movements);
  }

  cancel() {
    const { open, unknown } = splitForRelease(new Map([[order.orderId, order]]), this.holds());
    this.apply(releaseMovements(open, this.balances()));
    for (const hold of open) this.hold = { ...hold, state: ParticipantState.RELEASED };
    for (const closed of unknown) this.hold = closedHold(closed);
  }

  refund(...refunds: Refund[]) {
    const decision = decideRefunds(refunds, {
      holds: this.holds(),
      balances: this.balances(),
      refunded: new Set([...this.log, ...this.early].flatMap(({ refundId }) => refundId ?? [])),
    });
    this.apply(decision.movements);
    this.hold = decision.changed[0] ?? decision.marks[0] ?? this.hold;
    this.early.push(...decision.early);
  }

  end = () => ({ balance: this.balance, state: this.hold?.state });
}

describe("decideRefunds", () => {
  it("gives each refund back once, even if two events of a batch report it", () => {
    const account = new Account();
    account.deduct(300n);
    account.refund(refundOf(21n, 100n), refundOf(21n, 100n));
    account.refund(refundOf(21n, 100n));
    assert.deepEqual(account.end(), { balance: 800n, state: ParticipantState.HELD });
    assert.equal(account.hold?.returnedCents, 100n);
  });

  it("gives back no more than the hold still has, and closes it when that is all", () => {
    const account = new Account();
    account.deduct(300n);
    account.refund(refundOf(21n, 200n), refundOf(22n, 200n), refundOf(23n, 1n));
    assert.deepEqual(account.end(), { balance: 1_000n, state: ParticipantState.RELEASED });
    assert.deepEqual(
      account.log.map(({ refundId, amountCents }) => [refundId, amountCents]),
      [
        [undefined, -300n],
        [21n, 200n],
        [22n, 100n],
      ],
    );
  });

  it("gives nothing back for a refused order, and records no row for a refund of 0", () => {
    const refused = new Account();
    refused.deduct(1_001n);
    refused.refund(refundOf(21n, 1n));
    assert.deepEqual(refused.end(), { balance: 1_000n, state: ParticipantState.REFUSED });
    const unknown = new Account();
    unknown.refund(refundOf(21n, 0n));
    assert.equal(unknown.hold, undefined);
  });

  it("ends the same in every order and repetition of deduction, cancellation and refunds", () => {
    const cents = fc.bigInt({ min: 1n, max: 300n });
    const steps = fc.uniqueArray(fc.constantFrom("D", "C", "1", "2"), { minLength: 1 });
    const runs = steps.chain((all) => {
      const run = fc.array(fc.constantFrom(...all), { maxLength: 6 }).chain((more) => {
        const length = all.length + more.length;
        return fc.shuffledSubarray([...all, ...more], { minLength: length });
      });
      return fc.tuple(run, run);
    });
    fc.assert(
      fc.property(cents, fc.tuple(cents, cents), runs, (amount, [one, two], pair) => {
        const [first, second] = pair.map((run) => {
          const account = new Account();
          for (const step of run) {
            if (step === "D") account.deduct(amount);
            else if (step === "C") account.cancel();
            else account.refund(step === "1" ? refundOf(21n, one) : refundOf(22n, two));
          }
          return account.end();
        });
        assert.deepEqual(first, second);
        assert.ok(first && first.balance <= OPENING);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("checkRefund", () => {
  it("refuses an event whose numbers are out of range", () => {
    checkRefund(refundOf(21n, 0n));
    for (const bad of [
      { ...refundOf(21n, 1n), orderId: 0n },
      { ...refundOf(21n, 1n), userId: -1n },
      refundOf(0n, 1n),
      refundOf(21n, -1n),
      { ...refundOf(21n, 1n), spentCents: MAX_CENTS + 1n },
    ]) {
      assert.throws(() => checkRefund(bad), Refusal);
    }
  });
});
