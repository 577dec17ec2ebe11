import assert from "node:assert/strict";
import fc from "fast-check";
import { type PaymentState, PaymentStatus } from "./payment.ts";
import { isCaptured } from "./payment-transitions.ts";
import {
  addRefund,
  allowsRefund,
  applyRefund,
  finishRefund,
  REFUND_TRANSITIONS,
  RefundStatus,
  type RefundTransition,
  reopenRefund,
  transitionFor,
} from "./refund.ts";

type Name = keyof typeof RefundStatus;

/** The promise, written a second time: status, transition, the status after it. */
const PROMISED: Record<Name, Partial<Record<RefundTransition, Name>>> = {
  REQUESTED: {
    succeed: "SUCCEEDED",
    accept: "PENDING",
    fail: "FAILED",
    requireAction: "REQUIRES_ACTION",
  },
  FAILED: {
    succeed: "SUCCEEDED",
    accept: "PENDING",
    fail: "FAILED",
    requireAction: "REQUIRES_ACTION",
  },
  REQUIRES_ACTION: {
    succeed: "SUCCEEDED",
    accept: "PENDING",
    fail: "FAILED",
    requireAction: "REQUIRES_ACTION",
  },
  PENDING: {
    succeed: "SUCCEEDED",
    repeat: "REQUESTED",
    fail: "FAILED",
    requireAction: "REQUIRES_ACTION",
  },
  SUCCEEDED: { reopen: "FAILED" },
};

/** What the provider says of the latest number, and the transition that follows from it. */
const SAID: Record<Name, Partial<Record<string, RefundTransition>>> = {
  REQUESTED: { succeeded: "succeed", pending: "accept", failed: "fail", person: "requireAction" },
  FAILED: { succeeded: "succeed", pending: "accept", failed: "fail", person: "requireAction" },
  REQUIRES_ACTION: {
    succeeded: "succeed",
    pending: "accept",
    failed: "fail",
    person: "requireAction",
  },
  PENDING: {
    succeeded: "succeed",
    again: "repeat",
    unknown: "repeat",
    failed: "fail",
    person: "requireAction",
  },
  SUCCEEDED: { failed: "reopen" },
};

const paid = (amountCents: bigint, changes: Partial<PaymentState> = {}): PaymentState => ({
  paymentId: 7n,
  status: PaymentStatus.SUCCEEDED,
  amountCents,
  currency: "EUR",
  tradeId: "t",
  refundRequestedCents: 0n,
  refundedCents: 0n,
  ...changes,
});

describe("refund transitions", () => {
  it("are exactly the promised ones, for every pair of status and transition", () => {
    for (const [name, status] of Object.entries(RefundStatus) as [Name, RefundStatus][]) {
      for (const transition of Object.keys(REFUND_TRANSITIONS) as RefundTransition[]) {
        const promised = PROMISED[name][transition];
        const message = `${name}: ${transition}`;
        assert.equal(allowsRefund(status, transition), promised !== undefined, message);
        if (promised) assert.equal(applyRefund(status, transition), RefundStatus[promised]);
        else assert.throws(() => applyRefund(status, transition), /does not allow/);
      }
    }
  });
});

describe("what a provider says of a refund", () => {
  const states = ["succeeded", "pending", "again", "failed", "person", "unknown"] as const;

  it("leads to exactly the promised transition, for every pair of status and answer", () => {
    for (const [name, status] of Object.entries(RefundStatus) as [Name, RefundStatus][]) {
      for (const state of states) {
        assert.equal(transitionFor(status, { state }), SAID[name][state], `${name}: ${state}`);
      }
    }
  });

  it("needs a new number only after the provider refused the old one for good", () => {
    for (const status of Object.values(RefundStatus)) {
      for (const state of states.filter((each) => each !== "failed")) {
        const transition = transitionFor(status, { state });
        assert.notEqual(transition && applyRefund(status, transition), RefundStatus.FAILED);
      }
    }
  });
});

describe("refunds of a payment", () => {
  it("are refused while no money has come in", () => {
    for (const status of Object.values(PaymentStatus).filter((each) => !isCaptured(each))) {
      assert.throws(() => addRefund(paid(100n, { status }), 1n), /nothing to refund/);
    }
  });

  it("never exceed the payment, and make it REFUNDED exactly when they reach it", () => {
    const cents = fc.bigInt({ min: 1n, max: 1_000n });
    fc.assert(
      fc.property(cents, fc.array(cents, { maxLength: 12 }), (amountCents, wanted) => {
        let payment = paid(amountCents);
        for (const each of wanted) {
          const before = payment;
          if (before.refundRequestedCents + each > amountCents) {
            assert.throws(() => addRefund(before, each));
            continue;
          }
          payment = { ...before, refundRequestedCents: addRefund(before, each) };
          payment = { ...payment, ...finishRefund(payment, each) };
          const whole = payment.refundedCents === amountCents;
          assert.equal(payment.status === PaymentStatus.REFUNDED, whole);
        }
        assert.ok(payment.refundedCents <= amountCents);
      }),
    );
  });

  it("are refused unless they are positive", () => {
    for (const cents of [0n, -1n]) {
      assert.throws(() => addRefund(paid(100n), cents), /is not positive/);
    }
  });

  it("that reopen leave the payment as it was before them", () => {
    const cents = fc.bigInt({ min: 1n, max: 1_000n });
    fc.assert(
      fc.property(fc.array(cents, { minLength: 1, maxLength: 8 }), (parts) => {
        const amountCents = parts.reduce((sum, part) => sum + part, 0n);
        const steps = [paid(amountCents, { refundRequestedCents: amountCents })];
        for (const part of parts) {
          const before = steps.at(-1) as PaymentState;
          steps.push({ ...before, ...finishRefund(before, part) });
        }
        for (const part of parts.toReversed()) {
          const after = steps.pop() as PaymentState;
          assert.deepEqual({ ...after, ...reopenRefund(after, part) }, steps.at(-1));
        }
        assert.throws(() => reopenRefund(steps[0] as PaymentState, 1n), /has 0 cents refunded/);
      }),
    );
  });

  it("are never finished without having been requested", () => {
    assert.throws(() => finishRefund(paid(100n), 1n), /0 requested/);
  });
});
