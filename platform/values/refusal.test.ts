import assert from "node:assert/strict";
import { errorInfo, fromErrorInfo, Reason, Refusal, reasonName } from "./refusal.ts";

describe("Refusal", () => {
  it("keeps reason, metadata and violations through an ErrorInfo and back", () => {
    const violations = [{ field: "lines[2].quantity", description: "must be positive" }];
    const refusal = new Refusal(Reason.STOCK_NOT_ENOUGH, { goods_id: "7" }, violations);
    const back = fromErrorInfo(errorInfo(refusal));
    assert.equal(back.reason, Reason.STOCK_NOT_ENOUGH);
    assert.deepEqual(back.metadata, { goods_id: "7" });
    assert.deepEqual(back.violations, violations);
    assert.equal(back.message, refusal.message);
  });

  it("names its reason and its first violation in the message", () => {
    assert.equal(new Refusal(Reason.ORDER_CLOSED).message, "ORDER_CLOSED");
    const violation = { field: "text", description: "must not be empty" };
    const refusal = new Refusal(Reason.INVALID_ARGUMENT, {}, [violation, violation]);
    assert.equal(refusal.message, "INVALID_ARGUMENT: text must not be empty (and 1 more)");
  });

  it("has a name for a reason of a newer release", () => {
    assert.equal(reasonName(9_999 as Reason), "REASON_9999");
  });
});
