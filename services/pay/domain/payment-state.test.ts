import assert from "node:assert/strict";
import { PAYMENT_STATUS, type PaymentStatus } from "./payment.ts";
import {
  allowsPayment,
  changePayment,
  isCaptured,
  PAYMENT_CHANGES,
  type PaymentChange,
} from "./payment-state.ts";

type Name = keyof typeof PAYMENT_STATUS;

/** What the shop promises, written down a second time: status, change, the status after it. */
const PROMISED: Record<Name, Partial<Record<PaymentChange, Name>>> = {
  OPEN: { succeed: "SUCCEEDED", close: "CLOSED" },
  CLOSED: { succeedLate: "SUCCEEDED" },
  SUCCEEDED: { refundPart: "PARTIALLY_REFUNDED", refundWhole: "REFUNDED" },
  PARTIALLY_REFUNDED: { refundPart: "PARTIALLY_REFUNDED", refundWhole: "REFUNDED" },
  REFUNDED: {},
};

const changes = Object.keys(PAYMENT_CHANGES) as PaymentChange[];
const statuses = Object.entries(PAYMENT_STATUS) as [Name, PaymentStatus][];

describe("payment state", () => {
  it("allows exactly the promised changes, for every pair of status and change", () => {
    for (const [name, status] of statuses) {
      for (const change of changes) {
        const promised = PROMISED[name][change];
        assert.equal(allowsPayment(status, change), promised !== undefined, `${name}: ${change}`);
        if (promised) {
          assert.equal(changePayment(status, change), PAYMENT_STATUS[promised]);
        } else {
          assert.throws(() => changePayment(status, change), /cannot/);
        }
      }
    }
  });

  it("never loses money that came in: no change leads back to a status without it", () => {
    for (const [name, status] of statuses.filter(([, value]) => isCaptured(value))) {
      for (const change of changes.filter((each) => allowsPayment(status, each))) {
        assert.ok(isCaptured(changePayment(status, change)), `${name}: ${change}`);
      }
    }
  });
});
