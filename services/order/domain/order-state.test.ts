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

const changes = Object.keys(TRANSITIONS) as Transition[];
const states: OrderState[] = Object.values(OrderStatus).flatMap((orderStatus) =>
  Object.values(PayStatus).flatMap((payStatus) =>
    Object.values(ShippingStatus).map((shippingStatus) => {
      return { orderStatus, payStatus, shippingStatus };
    }),
  ),
);

const REFUND: Transition[] = ["requestRefund"];
const FINISH: Transition[] = ["refundOneOfSeveral", "refundPart", "refundWhole"];

/** What the shop promises, written down a second time: state, then the changes that it allows, and where they lead. */
const PROMISED: Record<string, Transition[]> = {
  "PENDING UNPAID NOT_SHIPPED": ["confirm", "fail", "abandon"],
  "CONFIRMED UNPAID NOT_SHIPPED": ["pay", "cancel", "expire"],
  "CONFIRMED PAID NOT_SHIPPED": ["ship", ...REFUND],
  "CONFIRMED PAID SHIPPED": ["receive", ...REFUND],
  "CONFIRMED PAID RECEIVED": REFUND,
  "CONFIRMED PARTIALLY_REFUNDED NOT_SHIPPED": ["ship", ...REFUND],
  "CONFIRMED PARTIALLY_REFUNDED SHIPPED": ["receive", ...REFUND],
  "CONFIRMED PARTIALLY_REFUNDED RECEIVED": REFUND,
  "CONFIRMED REFUNDING NOT_SHIPPED": [...REFUND, ...FINISH],
  "CONFIRMED REFUNDING SHIPPED": ["receive", ...REFUND, ...FINISH],
  "CONFIRMED REFUNDING RECEIVED": [...REFUND, ...FINISH],
  "COMPLETED PAID NOT_SHIPPED": REFUND,
  "COMPLETED PAID SHIPPED": REFUND,
  "COMPLETED PAID RECEIVED": REFUND,
  "COMPLETED PARTIALLY_REFUNDED NOT_SHIPPED": REFUND,
  "COMPLETED PARTIALLY_REFUNDED SHIPPED": REFUND,
  "COMPLETED PARTIALLY_REFUNDED RECEIVED": REFUND,
  "COMPLETED REFUNDING NOT_SHIPPED": [...REFUND, ...FINISH],
  "COMPLETED REFUNDING SHIPPED": [...REFUND, ...FINISH],
  "COMPLETED REFUNDING RECEIVED": [...REFUND, ...FINISH],
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
  it("allows exactly the promised changes, for every pair of state and change", () => {
    for (const state of states) {
      for (const change of changes) {
        const promised = PROMISED[nameOf(state)]?.includes(change) ?? false;
        assert.equal(allows(state, change), promised, `${nameOf(state)}: ${change}`);
      }
    }
  });

  it("refuses every other change with state and change", () => {
    for (const state of states) {
      for (const change of changes.filter((name) => !allows(state, name))) {
        assert.throws(
          () => applyTransition(state, change),
          (error) => {
            assert.ok(error instanceof Refusal);
            assert.equal(error.reason, Reason.ORDER_STATE_INVALID);
            const { order_status, pay_status, shipping_status } = error.metadata;
            assert.equal(`${order_status} ${pay_status} ${shipping_status}`, nameOf(state));
            assert.equal(error.metadata.change, change);
            return true;
          },
        );
      }
    }
  });

  it("reaches from a new order only states that make sense, and leaves none but the final ones", () => {
    const first: OrderState = { orderStatus: 1, payStatus: 1, shippingStatus: 1 };
    const reached = new Map([[nameOf(first), first]]);
    for (const state of reached.values()) {
      for (const change of changes.filter((name) => allows(state, name))) {
        const next = applyTransition(state, change);
        reached.set(nameOf(next), next);
      }
    }
    const stuck = [...reached].filter(([, state]) => !changes.some((name) => allows(state, name)));
    assert.deepEqual(stuck.map(([name]) => name).sort(), [
      "CANCELLED UNPAID NOT_SHIPPED",
      "REFUNDED REFUNDED NOT_SHIPPED",
      "REFUNDED REFUNDED RECEIVED",
      "REFUNDED REFUNDED SHIPPED",
    ]);
    assert.equal(reached.size, 15);
  });
});
