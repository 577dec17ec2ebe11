import assert from "node:assert/strict";
import { PaymentStatus } from "./payment.ts";
import {
  allowsPayment,
  applyPayment,
  isCaptured,
  PAYMENT_TRANSITIONS,
  type PaymentTransition,
} from "./payment-transitions.ts";

type Name = keyof typeof PaymentStatus;

/** The contract, written a second time: status, transition, the status after it. */
const PROMISED: Record<Name, Partial<Record<PaymentTransition, Name>>> = {
  OPEN: { succeed: "SUCCEEDED", close: "CLOSED" },
  CLOSED: { succeedLate: "SUCCEEDED" },
  SUCCEEDED: { refundPart: "PARTIALLY_REFUNDED", refundWhole: "REFUNDED" },
  PARTIALLY_REFUNDED: {
    refundPart: "PARTIALLY_REFUNDED",
    refundWhole: "REFUNDED",
    reopenPart: "PARTIALLY_REFUNDED",
    reopenAll: "SUCCEEDED",
  },
  REFUNDED: { reopenPart: "PARTIALLY_REFUNDED", reopenAll: "SUCCEEDED" },
};

const transitions = Object.keys(PAYMENT_TRANSITIONS) as PaymentTransition[];
const statuses = Object.entries(PaymentStatus) as [Name, PaymentStatus][];

describe("payment transitions", () => {
  it("are exactly the promised ones, for every pair of status and transition", () => {
    for (const [name, status] of statuses) {
      for (const transition of transitions) {
        const promised = PROMISED[name][transition];
        const message = `${name}: ${transition}`;
        assert.equal(allowsPayment(status, transition), promised !== undefined, message);
        if (promised) {
          assert.equal(applyPayment(status, transition), PaymentStatus[promised]);
        } else {
          assert.throws(() => applyPayment(status, transition), /does not allow/);
        }
      }
    }
  });

  it("never lead from a captured status back to one without money", () => {
    for (const [name, status] of statuses.filter(([, value]) => isCaptured(value))) {
      for (const transition of transitions.filter((each) => allowsPayment(status, each))) {
        assert.ok(isCaptured(applyPayment(status, transition)), `${name}: ${transition}`);
      }
    }
  });
});
