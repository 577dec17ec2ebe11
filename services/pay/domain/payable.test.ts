import assert from "node:assert/strict";
import { Reason, Refusal, reasonName } from "#platform/values/refusal.ts";
import { checkPayable, type PayableOrder } from "./payable.ts";

const now = new Date("2026-11-23T10:00:00Z");
const order: PayableOrder = {
  orderId: 1n,
  userId: 2n,
  orderStatus: "CONFIRMED",
  payStatus: "UNPAID",
  currency: "EUR",
  payAmountCents: 500n,
  payDeadline: new Date("2026-11-23T10:00:00.001Z"),
};

function reasonFor(changes: Partial<PayableOrder>): string {
  try {
    checkPayable({ ...order, ...changes }, now);
    return "ok";
  } catch (error) {
    assert.ok(error instanceof Refusal);
    assert.equal(error.metadata.order_id, "1");
    return reasonName(error.reason);
  }
}

describe("checkPayable", () => {
  it("accepts a confirmed, unpaid order before its deadline with an amount left to pay", () => {
    assert.equal(reasonFor({}), "ok");
  });

  const refused: [order: string, changes: Partial<PayableOrder>, reason: Reason][] = [
    ["is still being placed", { orderStatus: "PENDING" }, Reason.ORDER_STATE_INVALID],
    ["was cancelled", { orderStatus: "CANCELLED" }, Reason.ORDER_STATE_INVALID],
    ["is paid", { payStatus: "PAID" }, Reason.ORDER_ALREADY_PAID],
    ["was paid and refunded", { payStatus: "REFUNDED" }, Reason.ORDER_ALREADY_PAID],
    ["a coupon and balance cover", { payAmountCents: 0n }, Reason.ORDER_ALREADY_PAID],
    ["is at its deadline", { payDeadline: now }, Reason.ORDER_STATE_INVALID],
    ["has no deadline", { payDeadline: undefined }, Reason.ORDER_STATE_INVALID],
  ];
  for (const [which, changes, reason] of refused) {
    it(`refuses an order that ${which}`, () =>
      assert.equal(reasonFor(changes), reasonName(reason)));
  }
});
