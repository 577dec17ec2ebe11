import assert from "node:assert/strict";
import { CallbackVerdict } from "#proto/shop/pay/v1/pay_pb.ts";
import { VERDICTS } from "./records.ts";

describe("the verdicts that npm run callbacks knows", () => {
  it("are those of the contract, by their numbers", () => {
    const known = VERDICTS.map((name, index) => [name.toUpperCase(), index + 1]);
    const contract = Object.entries(CallbackVerdict).filter(([, value]) => {
      return typeof value === "number" && value > 0;
    });
    assert.deepEqual(Object.fromEntries(known), Object.fromEntries(contract));
  });
});
