import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { signatureFault, signedHeaders } from "./signature.ts";

describe("sandbox signatures", () => {
  const secret = "a shared secret";
  const nowMs = 1_800_000_000_000;

  it("are the HMAC-SHA256 of the timestamp, a full stop and the content", () => {
    const wanted = createHmac("sha256", secret).update('1800000000.{"a":1}').digest("hex");
    assert.deepEqual(signedHeaders(secret, '{"a":1}', nowMs), {
      "sandbox-merchant": "jetshop",
      "sandbox-timestamp": "1800000000",
      "sandbox-signature": wanted,
    });
  });

  it("are valid for exactly five minutes before and after their timestamp", () => {
    const headers = signedHeaders(secret, "x", nowMs);
    const faultAt = (seconds: number) =>
      signatureFault(secret, { headers, content: "x", nowMs: nowMs + seconds * 1_000 });
    for (const seconds of [-300, 0, 300]) assert.equal(faultAt(seconds), undefined);
    for (const seconds of [-301, 301, 360]) assert.equal(faultAt(seconds), "stale");
  });

  it("are invalid for any other content", () => {
    const headers = signedHeaders(secret, "content", nowMs);
    for (const content of ["content\n", "conten", "Content", ""])
      assert.equal(signatureFault(secret, { headers, content, nowMs }), "wrong signature");
  });

  it("are refused without an exception if they are malformed", () => {
    const good = signedHeaders(secret, "x", nowMs);
    const odd = ["", "0", "ä".repeat(64), "f".repeat(63), "f".repeat(65), undefined];
    for (const text of odd) {
      const headers = { ...good, "sandbox-signature": text };
      assert.equal(signatureFault(secret, { headers, content: "x", nowMs }), "wrong signature");
    }
    for (const text of ["", "-1", "1e9", " 1800000000", "9".repeat(13), undefined]) {
      const headers = { ...good, "sandbox-timestamp": text };
      assert.equal(signatureFault(secret, { headers, content: "x", nowMs }), "no timestamp");
    }
  });
});
