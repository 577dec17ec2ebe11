import assert from "node:assert/strict";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { ORDER_STATUS, type OrderStatus, PAY_STATUS, type PayStatus } from "./order.ts";
import { allows, applyChange, CHANGES, type Change, isFinished } from "./order-state.ts";

const changes = Object.keys(CHANGES) as Change[];
const states = Object.values(ORDER_STATUS).flatMap((orderStatus: OrderStatus) =>
  Object.values(PAY_STATUS).map((payStatus: PayStatus) => ({ orderStatus, payStatus })),
);

/** What the shop promises, written down a second time: state, then the changes that it allows. */
const PROMISED: Record<string, Change[]> = {
  "PENDING UNPAID": ["confirm", "fail", "abandon"],
  "CONFIRMED UNPAID": ["pay", "cancel", "expire"],
};

function nameOf(state: { orderStatus: OrderStatus; payStatus: PayStatus }): string {
  const name = (names: object, value: number) =>
    Object.entries(names).find(([, number]) => number === value)?.[0];
  return `${name(ORDER_STATUS, state.orderStatus)} ${name(PAY_STATUS, state.payStatus)}`;
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
          () => applyChange(state, change),
          (error) => {
            assert.ok(error instanceof Refusal);
            assert.equal(error.reason, Reason.ORDER_STATE_INVALID);
            assert.equal(
              `${error.metadata.order_status} ${error.metadata.pay_status} ${error.metadata.change}`,
              `${nameOf(state)} ${change}`,
            );
            return true;
          },
        );
      }
    }
  });

  it("never leaves a finished order", () => {
    for (const state of states.filter(({ orderStatus }) => isFinished(orderStatus))) {
      assert.deepEqual(
        changes.filter((change) => allows(state, change)),
        [],
      );
    }
  });
});
