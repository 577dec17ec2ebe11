import assert from "node:assert/strict";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { OrderStatus, PayStatus, ShippingStatus } from "./order.ts";
import {
  allows,
  applyTransition,
  type OrderState,
  TRANSITIONS,
  type Transition,
} from "./order-state.ts";

const transitions = Object.keys(TRANSITIONS) as Transition[];
const states: OrderState[] = Object.values(OrderStatus).flatMap((orderStatus) =>
  Object.values(PayStatus).flatMap((payStatus) =>
    Object.values(ShippingStatus).map((shippingStatus) => {
      return { orderStatus, payStatus, shippingStatus };
    }),
  ),
);

const REFUND: Transition[] = ["requestRefund"];
const FINISH: Transition[] = ["refundOneOfSeveral", "refundPart", "refundWhole", "reopenRefund"];
/** A refund of a part succeeded, so one can reopen. */
const REOPEN: Transition[] = ["reopenRefund"];
const FINISH_WHOLE: Transition[] = ["refundOneOfSeveral", "refundWhole", "reopenRefundOfWhole"];

/** The promise, written independently of the table: each state with the transitions it allows. */
const PROMISED: Record<string, Transition[]> = {
  "PENDING UNPAID NOT_SHIPPED": ["confirm", "fail", "abandon"],
  "CONFIRMED UNPAID NOT_SHIPPED": ["pay", "cancel", "expire"],
  "CONFIRMED PAID NOT_SHIPPED": ["ship", ...REFUND],
  "CONFIRMED PAID SHIPPED": ["updateTracking", "receive", ...REFUND],
  "CONFIRMED PAID RECEIVED": REFUND,
  "CONFIRMED PARTIALLY_REFUNDED NOT_SHIPPED": ["ship", ...REFUND, ...REOPEN],
  "CONFIRMED PARTIALLY_REFUNDED SHIPPED": ["updateTracking", "receive", ...REFUND, ...REOPEN],
  "CONFIRMED PARTIALLY_REFUNDED RECEIVED": [...REFUND, ...REOPEN],
  "CONFIRMED REFUNDING NOT_SHIPPED": [...REFUND, ...FINISH],
  "CONFIRMED REFUNDING SHIPPED": ["updateTracking", "receive", ...REFUND, ...FINISH],
  "CONFIRMED REFUNDING RECEIVED": [...REFUND, ...FINISH],
  "COMPLETED PAID NOT_SHIPPED": REFUND,
  "COMPLETED PAID SHIPPED": REFUND,
  "COMPLETED PAID RECEIVED": REFUND,
  "COMPLETED PARTIALLY_REFUNDED NOT_SHIPPED": [...REFUND, ...REOPEN],
  "COMPLETED PARTIALLY_REFUNDED SHIPPED": [...REFUND, ...REOPEN],
  "COMPLETED PARTIALLY_REFUNDED RECEIVED": [...REFUND, ...REOPEN],
  "COMPLETED REFUNDING NOT_SHIPPED": [...REFUND, ...FINISH],
  "COMPLETED REFUNDING SHIPPED": [...REFUND, ...FINISH],
  "COMPLETED REFUNDING RECEIVED": [...REFUND, ...FINISH],
  "REFUNDED REFUNDING NOT_SHIPPED": FINISH_WHOLE,
  "REFUNDED REFUNDING SHIPPED": FINISH_WHOLE,
  "REFUNDED REFUNDING RECEIVED": FINISH_WHOLE,
  "REFUNDED REFUNDED NOT_SHIPPED": ["reopenRefundOfWhole"],
  "REFUNDED REFUNDED SHIPPED": ["reopenRefundOfWhole"],
  "REFUNDED REFUNDED RECEIVED": ["reopenRefundOfWhole"],
};

const nameIn = (names: object, value: number) =>
  Object.entries(names).find(([, number]) => number === value)?.[0] ?? "";

function nameOf({ orderStatus, payStatus, shippingStatus }: OrderState): string {
  return [
    nameIn(OrderStatus, orderStatus),
    nameIn(PayStatus, payStatus),
    nameIn(ShippingStatus, shippingStatus),
  ].join(" ");
}

describe("order state", () => {
  it("allows exactly the promised transitions, for every pair of state and transition", () => {
    for (const state of states) {
      for (const transition of transitions) {
        const promised = PROMISED[nameOf(state)]?.includes(transition) ?? false;
        assert.equal(allows(state, transition), promised, `${nameOf(state)}: ${transition}`);
      }
    }
  });

  it("refuses every other transition and names state and transition", () => {
    for (const state of states) {
      for (const transition of transitions.filter((name) => !allows(state, name))) {
        assert.throws(
          () => applyTransition(state, transition),
          (error) => {
            assert.ok(error instanceof Refusal);
            assert.equal(error.reason, Reason.ORDER_STATE_INVALID);
            const { order_status, pay_status, shipping_status } = error.metadata;
            assert.equal(`${order_status} ${pay_status} ${shipping_status}`, nameOf(state));
            assert.equal(error.metadata.change, transition);
            return true;
          },
        );
      }
    }
  });

  it("reaches 18 states from a new order, and only cancelled orders are final", () => {
    const first: OrderState = { orderStatus: 1, payStatus: 1, shippingStatus: 1 };
    const reached = new Map([[nameOf(first), first]]);
    for (const state of reached.values()) {
      for (const transition of transitions.filter((name) => allows(state, name))) {
        const next = applyTransition(state, transition);
        reached.set(nameOf(next), next);
      }
    }
    const stuck = [...reached].filter(
      ([, state]) => !transitions.some((name) => allows(state, name)),
    );
    assert.deepEqual(stuck.map(([name]) => name).sort(), ["CANCELLED UNPAID NOT_SHIPPED"]);
    assert.equal(reached.size, 18);
  });
});
