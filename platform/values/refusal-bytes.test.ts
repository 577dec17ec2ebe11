import assert from "node:assert/strict";
import { Reason, Refusal } from "./refusal.ts";
import { decodeRefusal, encodeRefusal } from "./refusal-bytes.ts";

describe("refusal bytes", () => {
  it("keep reason, metadata and violations", () => {
    const violations = [{ field: "lines[0].quantity", description: "must be from 1 to 2" }];
    const refusal = new Refusal(Reason.STOCK_NOT_ENOUGH, { goods_id: "7" }, violations);
    const copy = decodeRefusal(encodeRefusal(refusal));
    assert.equal(copy.reason, refusal.reason);
    assert.deepEqual(copy.metadata, refusal.metadata);
    assert.deepEqual(copy.violations, violations);
  });
});
