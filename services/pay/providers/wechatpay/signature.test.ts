import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { isSigned, signText } from "../rsa.ts";
import { decrypt } from "./cipher.ts";
import { authorization, signatureFault } from "./signature.ts";

// A notice with its certificate, from core/notify/notify_test.go of wechatpay-go 0.2.21.

const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIDVzCCAj+gAwIBAgIJANfOWdH1ItcBMA0GCSqGSIb3DQEBCwUAMEIxCzAJBgNV
BAYTAlhYMRUwEwYDVQQHDAxEZWZhdWx0IENpdHkxHDAaBgNVBAoME0RlZmF1bHQg
Q29tcGFueSBMdGQwHhcNMjEwNDI3MDg1NTIzWhcNMzEwNDI1MDg1NTIzWjBCMQsw
CQYDVQQGEwJYWDEVMBMGA1UEBwwMRGVmYXVsdCBDaXR5MRwwGgYDVQQKDBNEZWZh
dWx0IENvbXBhbnkgTHRkMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA
2VCTd91fnUn73Xy9DLvt/V62TVxRTEEstVdeRaZ3B3leO0pldE806mXO4RwdHXag
HQ4vGeZN0yqm++rDsGK+U3AH7kejyD2pXshNP9Cq5YwbptiLGtjcquw4HNxJQUOm
DeJf2vg6byms9RUipiq4SzbJKqJFlUpbuIPDpSpWz10PYmyCNeDGUUK65E5h2B83
4uxl1zNLYQCrkdBzb8oUxwYeP5a2DNxmjL5lsJML7DGr5znsevnoqGRwTm9fxCGf
y8wus7hwKz6clt3Whmmda7UAdb1c08hEQFVRbF14AR73xbnd8N0obCWJPCbzMCtk
aSef4FdEEgEXJiw0VAJT8wIDAQABo1AwTjAdBgNVHQ4EFgQUT1c7nd/SUO76HSoZ
umNUJv1R5PwwHwYDVR0jBBgwFoAUT1c7nd/SUO76HSoZumNUJv1R5PwwDAYDVR0T
BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAfTjxKRQMzNB/U6ZoCUS+BSNfa2Oh
0plMN6ZuzwiVVZwg1jywvv5yv04koS7Pd4i9E4gt9ZBUQXlpq+A3oOCEEHNRR6b2
kyazGRM7s0OP5X21WrbpSmKmU6K7hkfx30yYs08LVs/Q8DIhvaj1FCFeJzUCzYn/
fHMq4tsbKO0dKAeydPM/nrUZBmaYQVKMVOORGLFjFKVO7JV6Kq/R86ouhjEPgJOe
2xulNBUcjicqtZlBdEh/PWCYP2SpGVDclKm8jeo175T3EVAkdKzzmfpxtMmnMlmq
cTJOU9TxuGvNASMtjj7pYIerTx+xgZDXEVBWFW9PjJ0TV06tCRsgSHItgg==
-----END CERTIFICATE-----`;
const SERIAL = "D7CE59D1F522D701";
const SIGNED_S = 1_624_523_846;
const HEADERS = {
  "wechatpay-nonce": "EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz",
  "wechatpay-timestamp": String(SIGNED_S),
  "wechatpay-serial": SERIAL,
  "wechatpay-signature":
    "tJHIiIS9eB2hAYstmAmbbD3ZE5LiIm/Ug5tuL4fC0YOFRWIHV39UFIZXC0e9Wl6lBu6sKvkqDkzpqzBsVHyXFlbYZTOQrVdG4b6LfTnK4mikv9++ixJMd3vTf2yCqvBkh98zs3Ds5zsYQakzbcwhmw4fMJs4nPLws28H0UW9FjDR//rxELLwXvV1VEA1IBLX70xptjL8hrfUjEE8kkry6yNJTHZRU8CAc7qHli2Ng1V1qb9ARbK8A3ThmFmPQvRGrapI/jS2laKKgYUmfdEdkNO6B2Cke5e8VTxY406ArAmQ90GAihDwIcb16TQMnzCMBoutnwZKNiKRACrFmtxw2Q==",
};
const BODY = Buffer.from(
  '{"id":"3119dfba-e649-5eec-ab1e-3412bc4d2e17","create_time":"2021-06-24T16:37:26+08:00","resource_type":"encrypt-resource","event_type":"PAYSCORE.USER_OPEN_SERVICE","summary":"签约成功","resource":{"original_type":"payscore","algorithm":"AEAD_AES_256_GCM","ciphertext":"YDS3lKPaC4Y52Gf3uhft5qUBlIa8b428AWTtTauHQfQrRw+X1WpiuHIDy0vo1Vd6VEq67aVyqPdDYMkRVSDaZL3iZttevRMOoPKMifozg6XPWjIZumks/GpT48lI4NizyeaqLBokNebthah3o1H76qSlO9NkDjp9bzmKLEYYH9TEklFUpsvPqOTOcgSLgh21YJXYR7dEBXFgRLiNIKRgO5JdXh1hccRUAlyVWxE54PXpnQ==","associated_data":"payscore","nonce":"Kj7QIyUiYx1q"}}',
);

describe("signatures of WeChat Pay", () => {
  const keys = new Map([[SERIAL, createPublicKey(CERTIFICATE)]]);
  const faultOf = (
    { headers = HEADERS, body = BODY }: { headers?: Record<string, string>; body?: Buffer } = {},
    seconds = 0,
  ) => signatureFault(keys, (SIGNED_S + seconds) * 1_000, { headers, body });

  it("accept the published notice, and none with a byte changed", () => {
    assert.equal(new X509Certificate(CERTIFICATE).serialNumber, SERIAL);
    assert.equal(faultOf(), undefined);
    for (let at = 0; at < BODY.length; at += 1) {
      const body = Buffer.from(BODY);
      body[at] = (body[at] as number) ^ 1;
      assert.equal(faultOf({ body }), "signature", `body at ${at}`);
    }
    for (const [name, value] of Object.entries(HEADERS)) {
      for (let at = 0; at < value.length; at += 1) {
        const other = value[at] === "1" ? "2" : "1";
        const changed = value.slice(0, at) + other + value.slice(at + 1);
        const expected = name === "wechatpay-serial" ? "unknown_key" : "signature";
        assert.equal(faultOf({ headers: { ...HEADERS, [name]: changed } }), expected, name);
      }
      const { [name]: _, ...rest } = HEADERS as Record<string, string>;
      assert.equal(faultOf({ headers: rest }), "signature", `without ${name}`);
    }
    assert.equal(faultOf({ body: Buffer.concat([BODY, Buffer.from("\n")]) }), "signature");
  });

  it("are stale 300 seconds before and after their time", () => {
    for (const seconds of [-299, 299]) assert.equal(faultOf({}, seconds), undefined);
    for (const seconds of [-300, 300, 3_600, -3_600]) assert.equal(faultOf({}, seconds), "stale");
  });

  it("that probe are recognised with any other header", () => {
    const probe = `WECHATPAY/SIGNTEST/${HEADERS["wechatpay-signature"].slice(19)}`;
    const headers = { ...HEADERS, "wechatpay-signature": probe };
    assert.equal(faultOf({ headers }), "probe");
    assert.equal(faultOf({ headers: { ...headers, "wechatpay-serial": "unknown" } }), "probe");
  });

  it("belong to the key of their serial only", () => {
    const other = generateKeyPairSync("rsa", { modulusLength: 2_048 }).publicKey;
    const mixed = new Map([
      ["PUB_KEY_ID_1", createPublicKey(CERTIFICATE)],
      [SERIAL, other],
    ]);
    const nowMs = SIGNED_S * 1_000;
    assert.equal(signatureFault(mixed, nowMs, { headers: HEADERS, body: BODY }), "signature");
  });

  it("sign requests as documented", () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const header = authorization(
      { mchid: "1600000000", merchantSerial: "ABCD", privateKey },
      { method: "GET", target: "/v3/a?b=c", body: "" },
      { timestamp: 1_700_000_000, nonce: "n1" },
    );
    const [, signature = ""] = /,signature="([^"]+)",/.exec(header) ?? [];
    const text = "GET\n/v3/a?b=c\n1700000000\nn1\n\n";
    assert.ok(isSigned(Buffer.from(text), signature, [publicKey]));
    assert.equal(
      header,
      `WECHATPAY2-SHA256-RSA2048 mchid="1600000000",nonce_str="n1",signature="${signText(text, privateKey)}",timestamp="1700000000",serial_no="ABCD"`,
    );
  });
});

describe("encrypted resources of WeChat Pay", () => {
  // From AeadAesCipherTest and TestConfig of wechatpay-java 0.2.17.
  const key = Buffer.from("a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb");
  const resource = {
    algorithm: "AEAD_AES_256_GCM",
    ciphertext: "ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=",
    nonce: "uluk4a9R25RW",
    associated_data: "associatedData",
  };
  const other = Buffer.alloc(32, "k");

  it("are decrypted with any of the keys", () => {
    assert.equal(decrypt(resource, [key]), "message");
    assert.equal(decrypt(resource, [other, key]), "message");
    assert.equal(decrypt(resource, [other]), undefined);
    assert.equal(decrypt(resource, []), undefined);
  });

  it("are nothing with a character changed, a part missing, or another algorithm", () => {
    const bytes = Buffer.from(resource.ciphertext, "base64");
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      assert.equal(
        decrypt({ ...resource, ciphertext: changed.toString("base64") }, [key]),
        undefined,
      );
      const short = bytes.subarray(0, at).toString("base64");
      assert.equal(decrypt({ ...resource, ciphertext: short }, [key]), undefined);
    }
    for (const change of [
      { nonce: "uluk4a9R25RX" },
      { nonce: "" },
      { nonce: 1 },
      { associated_data: "" },
      { associated_data: null },
      { associated_data: undefined },
      { associated_data: 5 },
      { ciphertext: "" },
      { ciphertext: undefined },
      { algorithm: "AEAD_SM4_GCM" },
    ]) {
      assert.equal(decrypt({ ...resource, ...change }, [key]), undefined, JSON.stringify(change));
    }
  });
});
