import { createSign, createVerify, randomBytes } from "node:crypto";
import type { HttpAnswer } from "#platform/http/answer.ts";
import { type Call, headerOf } from "../base/face.ts";
import { type Faults, happens, take } from "../base/faults.ts";
import { FRESH_SECONDS } from "../base/limits.ts";
import type { Account } from "./account.ts";
import { paramError, signError } from "./errors.ts";

const SCHEME = "WECHATPAY2-SHA256-RSA2048";
const FIELDS = ["mchid", "nonce_str", "signature", "timestamp", "serial_no"] as const;

/** Throws 401 unless the merchant signed this request within the last five minutes. */
export function checkRequest(account: Account, call: Call): void {
  const header = headerOf(call, "authorization");
  if (!header.startsWith(`${SCHEME} `)) throw signError(`Authorization must begin with ${SCHEME}`);
  const given = new Map<string, string>();
  for (const pair of header.slice(SCHEME.length + 1).split(",")) {
    const [, name = "", value = ""] = /^\s*([a-z_]+)="([^"]*)"\s*$/.exec(pair) ?? [];
    if (!FIELDS.some((field) => field === name) || given.has(name))
      throw signError("Authorization has an unknown or a repeated field");
    given.set(name, value);
  }
  const [mchid, nonce, signature, timestamp, serial] = FIELDS.map((name) => given.get(name) ?? "");
  if (mchid !== account.mchid) throw signError("mchid is not the one of the certificate");
  if (serial !== account.merchant.serial) throw signError("serial_no is unknown");
  if (!/^[A-Za-z0-9]{1,128}$/.test(nonce ?? "")) throw signError("nonce_str is malformed");
  const apartS = Math.abs(Date.now() / 1_000 - Number(timestamp));
  if (!/^\d{10}$/.test(timestamp ?? "") || apartS > FRESH_SECONDS)
    throw signError("timestamp is more than 5 minutes off");
  const text = `${call.method}\n${call.target}\n${timestamp}\n${nonce}\n`;
  const verifier = createVerify("RSA-SHA256").update(text).update(call.body).update("\n");
  if (!verifier.verify(account.merchant.publicKey, signature ?? "", "base64"))
    throw signError("the signature is wrong");
}

/** The key that the merchant asks answers to be signed with: the certificate's by default. */
export function answerKey(account: Account, call: Call): { serial: string; privateKey: string } {
  const asked = headerOf(call, "wechatpay-serial");
  if (asked === "") return account.certificate;
  const found = [account.publicKey, account.certificate].find(({ serial }) => serial === asked);
  if (!found) throw paramError("Wechatpay-Serial is unknown");
  return found;
}

/** The headers that authenticate an answer or a notice. */
export function signedHeaders(
  key: { serial: string; privateKey: string },
  body: string | Buffer,
  nowMs: number,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const nonce = randomBytes(16).toString("hex");
  const signature = createSign("RSA-SHA256")
    .update(`${timestamp}\n${nonce}\n`)
    .update(body)
    .update("\n")
    .sign(key.privateKey, "base64");
  return {
    "wechatpay-nonce": nonce,
    "wechatpay-serial": key.serial,
    "wechatpay-signature": signature,
    "wechatpay-signature-type": SCHEME,
    "wechatpay-timestamp": timestamp,
  };
}

/** The probe by which WeChat Pay tests whether merchants verify. It is not valid Base64. */
export function probe(signature: string): string {
  return `WECHATPAY/SIGNTEST/${signature.slice(19)}`;
}

export function signedAnswer(
  key: { serial: string; privateKey: string },
  { status, body, faults }: { status: number; body: string; faults: Faults },
): HttpAnswer {
  const headers = signedHeaders(key, body, Date.now());
  const signature = String(headers["wechatpay-signature"]);
  if (take(faults, "wrong_signature"))
    headers["wechatpay-signature"] = Buffer.from(signature, "base64").reverse().toString("base64");
  else if (happens(faults.signtest_percent)) headers["wechatpay-signature"] = probe(signature);
  return {
    status,
    body,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "request-id": randomBytes(16).toString("hex").toUpperCase(),
      ...headers,
    },
  };
}
