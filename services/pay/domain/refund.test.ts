import assert from "node:assert/strict";
import fc from "fast-check";
import { PAYMENT_STATUS, type PaymentState } from "./payment.ts";
import { isCaptured } from "./payment-state.ts";
import {
  addRefund,
  allowsRefund,
  changeRefund,
  finishRefund,
  REFUND_CHANGES,
  REFUND_STATUS,
  type RefundChange,
  type RefundStatus,
} from "./refund.ts";

type Name = keyof typeof REFUND_STATUS;

const PROMISED: Record<Name, Partial<Record<RefundChange, Name>>> = {
  REQUESTED: { succeed: "SUCCEEDED", fail: "FAILED" },
  FAILED: { succeed: "SUCCEEDED", fail: "FAILED" },
  SUCCEEDED: {},
};

const paid = (amountCents: bigint, changes: Partial<PaymentState> = {}): PaymentState => ({
  paymentId: 7n,
  status: PAYMENT_STATUS.SUCCEEDED,
  amountCents,
  currency: "EUR",
  tradeId: "t",
  refundRequestedCents: 0n,
  refundedCents: 0n,
  ...changes,
});

describe("refund state", () => {
  it("allows exactly the promised changes, for every pair of status and change", () => {
    for (const [name, status] of Object.entries(REFUND_STATUS) as [Name, RefundStatus][]) {
      for (const change of Object.keys(REFUND_CHANGES) as RefundChange[]) {
        const promised = PROMISED[name][change];
        assert.equal(allowsRefund(status, change), promised !== undefined, `${name}: ${change}`);
        if (promised) assert.equal(changeRefund(status, change), REFUND_STATUS[promised]);
        else assert.throws(() => changeRefund(status, change), /cannot/);
      }
    }
  });
});

describe("refunds of a payment", () => {
  it("are refused where no money came in", () => {
    for (const status of Object.values(PAYMENT_STATUS).filter((each) => !isCaptured(each))) {
      assert.throws(() => addRefund(paid(100n, { status }), 1n), /nothing to refund/);
    }
  });

  it("never exceed what came in, and leave it REFUNDED exactly when all is back", () => {
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
          assert.equal(payment.status === PAYMENT_STATUS.REFUNDED, whole);
        }
        assert.ok(payment.refundedCents <= amountCents);
      }),
    );
  });

  it("refuse nothing and less", () => {
    for (const cents of [0n, -1n]) assert.throws(() => addRefund(paid(100n), cents), /a refund of/);
  });

  it("are never carried out without having been asked for", () => {
    assert.throws(() => finishRefund(paid(100n), 1n), /never asked/);
  });
});
