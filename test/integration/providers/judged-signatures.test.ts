import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, randomInt } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AlipaySdk } from "alipay-sdk";
import { Formatter, Rsa } from "wechatpay-axios-plugin";
import { Outage } from "#platform/values/refusal.ts";
import { requestParams } from "../../../services/pay/providers/alipay/client.ts";
import { alipayProvider } from "../../../services/pay/providers/alipay/provider.ts";
import { signParams } from "../../../services/pay/providers/alipay/signature.ts";
import type { PaymentProvider } from "../../../services/pay/providers/provider.ts";
import { jsonOf } from "../../../services/pay/providers/wechatpay/client.ts";
import { wechatpayProvider } from "../../../services/pay/providers/wechatpay/provider.ts";
import { authorization } from "../../../services/pay/providers/wechatpay/signature.ts";
import { newOpening, refundOf } from "./provider-shop.ts";

const INPUTS = 10_000;
const PIECES = ["%", "%20", "+", "&", "=", '"', "'", "\\", "/", "<", "&quot;", " ", "\n", "\u2028"];
const LETTERS = ["a", "Z", "7", "茶", "é", "🍵", "👨‍👩‍👧", "\u0000", "\ufeff"];

function randomText(): string {
  const pieces = [...PIECES, ...LETTERS];
  return Array.from({ length: randomInt(12) }, () => pieces[randomInt(pieces.length)]).join("");
}

describe("the shop's requests, judged by the providers' libraries", () => {
  // A short key, because the signature's text is what is compared.
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 1_024 });
  const privatePem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  const publicPem = publicKey.export({ format: "pem", type: "spki" }).toString();
  const appId = "2021004100000001";
  const sdk = new AlipaySdk({
    appId,
    privateKey: privatePem,
    keyType: "PKCS8",
    alipayPublicKey: publicPem,
    gateway: "https://gateway.example/gateway.do",
  });

  it(`have the same signature as alipay-sdk's for ${INPUTS} inputs`, () => {
    for (let input = 0; input < INPUTS; input += 1) {
      const content = { out_trade_no: String(input), subject: randomText(), body: randomText() };
      const time = new Date(randomInt(2 ** 41));
      const [notifyUrl, returnUrl] = [`https://s.example/${randomText()}`, randomText()];
      const call = { method: "alipay.trade.page.pay", content, time, notifyUrl, returnUrl };
      const { sign: _, ...ours } = requestParams({ appId, privateKey }, call);
      const link = sdk.pageExecute(call.method, "GET", {
        format: "JSON",
        timestamp: ours.timestamp,
        notify_url: notifyUrl,
        ...(returnUrl !== "" && { return_url: returnUrl }),
        bizContent: content,
      });
      const theirs = Object.fromEntries(new URL(link).searchParams);
      // The library adds its own name.
      const named = { ...ours, alipay_sdk: theirs.alipay_sdk ?? "" };
      assert.deepEqual({ ...signParams(named, privateKey) }, theirs, JSON.stringify(call));
    }
  }).timeout(120_000);

  it(`have the same signature as wechatpay-axios-plugin's for ${INPUTS} inputs`, () => {
    const key = Rsa.from(privatePem, "private");
    const merchant = { mchid: "1600000000", merchantSerial: "5157F09EFDC096DE", privateKey };
    for (let input = 0; input < INPUTS; input += 1) {
      const method = input % 3 === 0 ? "GET" : "POST";
      const body = method === "GET" ? "" : JSON.stringify({ description: randomText() });
      const target = `/v3/pay?x=${encodeURIComponent(randomText())}`;
      const [timestamp, nonce] = [randomInt(2 ** 31), Formatter.nonce()];
      const header = authorization(merchant, { method, target, body }, { timestamp, nonce });
      const text = Formatter.request(method, target, String(timestamp), nonce, body);
      const signature = Rsa.sign(text, key);
      const { mchid, merchantSerial } = merchant;
      const theirs = Formatter.authorization(mchid, nonce, signature, timestamp, merchantSerial);
      assert.deepEqual(fieldsOf(header), fieldsOf(theirs));
    }
  }).timeout(120_000);

  it("write amounts as JSON numbers, digit for digit", () => {
    const amount = { total: 9_007_199_254_740_991n, currency: "CNY" };
    assert.equal(jsonOf({ amount }), '{"amount":{"total":9007199254740991,"currency":"CNY"}}');
  });

  it("verify as they arrive, with any characters in the shop's texts", async () => {
    const verified: boolean[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        const { method = "", url = "", headers } = request;
        verified.push(
          headers.authorization === undefined
            ? isAlipays({ url, body })
            : isWechatpays({ method, url, body, header: headers.authorization }),
        );
        response.end("{}");
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const shared = { privateKey, notifyUrl: "https://s.example/pay/callback" };
    const providers = [
      alipayProvider({
        ...shared,
        appId,
        sellerId: "2088000000000000",
        alipayKeys: [publicKey],
        url: `${url}/gateway.do`,
        checkout: "qr",
      }),
      wechatpayProvider({
        ...shared,
        mchid: "1600000000",
        appid: "wx8888888888888888",
        merchantSerial: "5157F09EFDC096DE",
        apiV3Keys: [],
        verifyKeys: new Map([["PUB_KEY_ID_1", createPublicKey(publicPem)]]),
        url,
      }),
    ];
    for (const provider of providers) {
      for (let input = 0; input < 40; input += 1) await callAll(provider);
    }
    assert.equal(verified.length, 2 * 40 * 5);
    assert.ok(verified.every((one) => one));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Each call fails, because its answer is unsigned. */
  async function callAll(provider: PaymentProvider): Promise<void> {
    const opening = newOpening({
      description: randomText(),
      amountCents: BigInt(randomInt(2 ** 40)),
    });
    const refund = refundOf(opening, BigInt(randomInt(2 ** 40)));
    await assert.rejects(provider.open(opening), Outage);
    await assert.rejects(provider.query(opening), Outage);
    await assert.rejects(provider.close(opening), Outage);
    await assert.rejects(provider.refund(refund), Outage);
    await assert.rejects(provider.queryRefund(refund), Outage);
  }

  /** The SDK verifies a request as it verifies a notice whose sign_type is signed. */
  function isAlipays({ url, body }: { url: string; body: string }): boolean {
    const params = [
      ...new URL(url, "http://gateway.example").searchParams,
      ...new URLSearchParams(body),
    ];
    return sdk.checkNotifySignV2(Object.fromEntries(params));
  }

  function isWechatpays(request: { method: string; url: string; body: string; header: string }) {
    const { timestamp = "", nonce_str: nonce = "", signature = "" } = fieldsOf(request.header);
    const text = Formatter.request(request.method, request.url, timestamp, nonce, request.body);
    return Rsa.verify(text, signature, Rsa.from(publicPem, "public"));
  }
});

/** The fields of an Authorization header, with its scheme. */
function fieldsOf(header: string): Record<string, string> {
  const [scheme = "", pairs = ""] = header.split(/ (.*)/);
  const fields = pairs.split(",").map((pair) => pair.split(/=(.*)/).slice(0, 2));
  return {
    scheme,
    ...Object.fromEntries(fields.map(([name, text]) => [name, JSON.parse(text ?? "")])),
  };
}
