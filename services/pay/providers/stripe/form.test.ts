import assert from "node:assert/strict";
import { encodeForm } from "./form.ts";

describe("parameters of Stripe", () => {
  it("are written with brackets for objects and lists", () => {
    assert.equal(
      encodeForm({ mode: "payment", line_items: [{ quantity: 1, price_data: { name: "tea" } }] }),
      "mode=payment&line_items[0][quantity]=1&line_items[0][price_data][name]=tea",
    );
  });

  it("leave out what is undefined", () => {
    assert.equal(encodeForm({ a: undefined, b: { c: undefined }, d: [] }), "");
  });

  it("are percent-encoded, but for brackets", () => {
    const text = '50 % & more + ["it\'s"] (!*) é 茶 🍵';
    const encoded = encodeForm({ text });
    assert.equal(
      encoded,
      "text=50%20%25%20%26%20more%20%2B%20[%22it%27s%22]%20%28%21%2A%29%20%C3%A9%20%E8%8C%B6%20%F0%9F%8D%B5",
    );
    assert.equal(new URLSearchParams(encoded).get("text"), text);
  });

  it("write amounts of any size exactly", () => {
    assert.equal(encodeForm({ amount: 9_007_199_254_740_993n }), "amount=9007199254740993");
  });
});
