import assert from "node:assert/strict";
import { passedHeaders } from "./passed-headers.ts";

describe("the headers that are passed on with a callback", () => {
  const headers = {
    "content-type": "application/json",
    "sandbox-signature": "ab",
    "sandbox-timestamp": "1",
    "sandbox-other": "no",
    "stripe-signature": "t=1,v1=ab",
    "wechatpay-nonce": "n",
    sandbox: "no",
    authorization: "Bearer no",
    cookie: "no",
    "set-cookie": ["no"],
    "x-user-id": "1",
    "x-internal-caller": "order",
    host: "no",
  };
  const type = { "content-type": "application/json" };

  it("are the content type and those that the provider signs with", () => {
    assert.deepEqual(passedHeaders("sandbox", headers), {
      ...type,
      "sandbox-signature": "ab",
      "sandbox-timestamp": "1",
    });
    assert.deepEqual(passedHeaders("stripe", headers), {
      ...type,
      "stripe-signature": "t=1,v1=ab",
    });
    assert.deepEqual(passedHeaders("wechatpay", headers), { ...type, "wechatpay-nonce": "n" });
    assert.deepEqual(passedHeaders("alipay", headers), type);
  });

  it("are the content type only for any other name", () => {
    for (const name of ["x", "set", "proxy", "constructor", "__proto__", "toString", "cookie"]) {
      assert.deepEqual(passedHeaders(name, headers), type, name);
    }
  });

  it("are bounded in length", () => {
    assert.ok(passedHeaders("sandbox", { "sandbox-signature": "x".repeat(4_096) }));
    assert.equal(passedHeaders("sandbox", { "sandbox-signature": "x".repeat(4_097) }), undefined);
    assert.equal(passedHeaders("sandbox", { "content-type": "x".repeat(4_097) }), undefined);
    assert.deepEqual(passedHeaders("sandbox", { "user-agent": "x".repeat(9_000) }), {});
  });
});
