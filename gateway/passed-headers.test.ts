import assert from "node:assert/strict";
import { passedHeaders } from "./passed-headers.ts";

describe("the headers that are passed on with a callback", () => {
  it("are the content type and the provider's own", () => {
    const headers = {
      "content-type": "application/json",
      "sandbox-signature": "ab",
      "sandbox-timestamp": "1",
      sandbox: "no",
      "sandboxed-thing": "no",
      authorization: "Bearer no",
      cookie: "no",
      "set-cookie": ["no"],
      "x-user-id": "1",
      "x-internal-caller": "order",
      "wechatpay-nonce": "no",
      host: "no",
    };
    assert.deepEqual(passedHeaders("sandbox", headers), {
      "content-type": "application/json",
      "sandbox-signature": "ab",
      "sandbox-timestamp": "1",
    });
  });

  it("are bounded in number and length", () => {
    const some = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`sandbox-${index}`, "x"]));
    assert.equal(Object.keys(passedHeaders("sandbox", some(16)) ?? {}).length, 16);
    assert.equal(passedHeaders("sandbox", some(17)), undefined);
    assert.ok(passedHeaders("sandbox", { "sandbox-a": "x".repeat(4_096) }));
    assert.equal(passedHeaders("sandbox", { "sandbox-a": "x".repeat(4_097) }), undefined);
    assert.deepEqual(passedHeaders("sandbox", { "user-agent": "x".repeat(9_000) }), {});
  });

  it("never include internal headers, even for a provider whose name is their prefix", () => {
    const headers = { "x-user-id": "1", "proxy-authorization": "no", "set-cookie": ["a"] };
    assert.deepEqual(passedHeaders("set", headers), {});
    assert.deepEqual(passedHeaders("proxy", headers), {});
    assert.deepEqual(passedHeaders("x", headers), {});
  });
});
