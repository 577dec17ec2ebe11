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
} from "./refund.ts";

type Name = keyof typeof RefundStatus;
type RefundTransition = keyof typeof REFUND_TRANSITIONS;

const PROMISED: Record<Name, Partial<Record<RefundTransition, Name>>> = {
  REQUESTED: { succeed: "SUCCEEDED", fail: "FAILED" },
  FAILED: { succeed: "SUCCEEDED", fail: "FAILED" },
  SUCCEEDED: {},
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

  it("are never finished without having been requested", () => {
    assert.throws(() => finishRefund(paid(100n), 1n), /0 requested/);
  });
});
