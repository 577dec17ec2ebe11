import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { signatureFault } from "./signature.ts";

const nowMs = Date.parse("2026-11-27T10:00:00Z");
const nowS = nowMs / 1_000;
const OLD = "whsec_old0old0old0old0old0old0";
const NEW = "whsec_new0new0new0new0new0new0";
const body = Buffer.from('{"id":"evt_1","object":"event"}');

/** The documented signature, computed independently. */
const sign = (secret: string, at: number | string = nowS, content: Uint8Array = body) =>
  createHmac("sha256", secret)
    .update(`${at}.${Buffer.from(content)}`)
    .digest("hex");

const faultOf = (header: string | undefined, secrets = [OLD]) =>
  signatureFault(secrets, nowMs, { header, body });

describe("the signature of a Stripe callback", () => {
  it("is valid if any of its signatures was made with any of the secrets", () => {
    assert.equal(faultOf(`t=${nowS},v1=${sign(OLD)}`), undefined);
    assert.equal(faultOf(`t=${nowS},v1=${sign(NEW)},v1=${sign(OLD)},v0=abc`), undefined);
    assert.equal(faultOf(`t=${nowS},v1=${sign(NEW)}`, [OLD, NEW]), undefined);
    assert.equal(faultOf(`v1=${sign(OLD)},t=${nowS}`), undefined);
  });

  it("is invalid in any other form, without an exception", () => {
    const right = sign(OLD);
    const off = `${right.slice(0, 63)}${right.endsWith("0") ? "1" : "0"}`;
    for (const header of [
      undefined,
      "",
      ",",
      "=",
      "t=",
      `t=${nowS}`,
      `v1=${right}`,
      `t=${nowS},v0=${right}`,
      `t=${nowS},v1=${off}`,
      `t=${nowS},v1=${right.toUpperCase()}`,
      `t=${nowS},v1=${right}0`,
      `t=${nowS},v1=${right.slice(1)}`,
      `t=${nowS}, v1=${right}`,
      `t=${nowS},v1=${sign(NEW)}`,
      `t=${nowS},t=${nowS},v1=${right}`,
      `t=${nowS - 1},v1=${right}`,
      `t=${nowS},v1=${sign(OLD, nowS, Buffer.from(`${body}\n`))}`,
      `t=${nowS}.0,v1=${sign(OLD, `${nowS}.0`)}`,
      `t=-1,v1=${sign(OLD, -1)}`,
    ]) {
      assert.equal(faultOf(header), "signature", header ?? "none");
    }
    assert.equal(faultOf(`t=${nowS},v1=${right}`, []), "signature");
  });

  it("is stale more than 5 minutes before and after its timestamp", () => {
    const away = (seconds: number) =>
      faultOf(`t=${nowS + seconds},v1=${sign(OLD, nowS + seconds)}`);
    assert.deepEqual([away(-300), away(300)], [undefined, undefined]);
    assert.deepEqual([away(-301), away(301), away(3_600)], ["stale", "stale", "stale"]);
  });

  it("covers the bytes as they came, not their text", () => {
    // A reader that decodes the text first drops the byte order mark, and finds the signature valid.
    const marked = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body]);
    const header = `t=${nowS},v1=${sign(OLD)}`;
    assert.equal(signatureFault([OLD], nowMs, { header, body: marked }), "signature");
  });
});
