import assert from "node:assert/strict";
import { Refusal } from "#platform/values/refusal.ts";
import { checkRequest, type PlaceCommand } from "./place-request.ts";

const ADDRESS = { consignee: "Ada Lovelace", mobile: "(030) 123-4567", text: "Somewhere 1" };
const COMMAND: PlaceCommand = {
  requestId: "place-1",
  userId: 1n,
  lines: [{ goodsId: 1n, quantity: 1n, unitPriceCents: 100n }],
  address: ADDRESS,
  shippingFeeCents: 0n,
  orderAmountCents: 100n,
  couponId: 0n,
  balanceCents: 0n,
};
const rules = {
  limits: { MAX_LINES: 1, MAX_CONSIGNEE: 64, MAX_ADDRESS: 500 },
  shipping: { feeCents: 0n, freeFromCents: 0n },
};

/** The fields that are refused, each once. */
function refusedFields(address: Partial<typeof ADDRESS>): string[] {
  const checked = checkRequest({ ...COMMAND, address: { ...ADDRESS, ...address } }, rules);
  return checked instanceof Refusal ? checked.violations.map(({ field }) => field) : [];
}

describe("the address of an order", () => {
  it("has a name like every other one, in any script, without blanks at its ends", () => {
    for (const consignee of ["李雷", "محمد", "O'Hara-Ñandú", "x".repeat(64)]) {
      assert.deepEqual(refusedFields({ consignee }), [], consignee);
    }
    for (const consignee of ["", " Ada", "Ada ", "\u3000李雷", "\u200b", "x".repeat(65)]) {
      assert.deepEqual(refusedFields({ consignee }), ["address.consignee"], consignee);
    }
  });

  it("has a phone number under the rules of registration", () => {
    for (const mobile of ["+49 30 1234567", "030.123.4567 x885", "０３０１２３４５６７"]) {
      assert.deepEqual(refusedFields({ mobile }), [], mobile);
    }
    for (const mobile of ["", "call me", "1".repeat(41), "1".repeat(1_000)]) {
      assert.deepEqual(refusedFields({ mobile }), ["address.mobile"], mobile);
    }
  });
});
