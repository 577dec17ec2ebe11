import type { KeyObject } from "node:crypto";
import type { CALLBACK_HEADERS } from "#proto/callbacks.ts";
import { isSigned, signText } from "../rsa.ts";

const SCHEME = "WECHATPAY2-SHA256-RSA2048";

/** A signature is valid this long before and after its timestamp, in seconds. */
const FRESH_S = 300;

export type Headers = Readonly<Record<string, string>>;

type Merchant = { mchid: string; merchantSerial: string; privateKey: KeyObject };

/**
 * The Authorization header of a request. `target` is its path with the query, `body` its text or
 * "". Source: the signing guide of WeChat Pay's API v3, and wechatpay-go 0.2.21.
 */
export function authorization(
  { mchid, merchantSerial, privateKey }: Merchant,
  request: { method: "GET" | "POST"; target: string; body: string },
  { timestamp, nonce }: { timestamp: number; nonce: string },
): string {
  const { method, target, body } = request;
  const text = `${method}\n${target}\n${timestamp}\n${nonce}\n${body}\n`;
  const fields = {
    mchid,
    nonce_str: nonce,
    signature: signText(text, privateKey),
    timestamp,
    serial_no: merchantSerial,
  };
  const pairs = Object.entries(fields).map(([name, value]) => `${name}="${value}"`);
  return `${SCHEME} ${pairs.join(",")}`;
}

/**
 * What is wrong with the signature of an answer or a notice; undefined if it is valid and fresh.
 * "probe": WeChat Pay sends a few with a false signature on purpose, to see whether merchants
 * verify. "stale": the time is judged only once it is authenticated, and in both directions.
 */
export function signatureFault(
  keys: ReadonlyMap<string, KeyObject>,
  nowMs: number,
  { headers, body }: { headers: Headers; body: Uint8Array },
): "signature" | "unknown_key" | "probe" | "stale" | undefined {
  const header = (name: (typeof CALLBACK_HEADERS.wechatpay)[number]) => headers[name] ?? "";
  const signature = header("wechatpay-signature");
  const timestamp = header("wechatpay-timestamp");
  const serial = header("wechatpay-serial");
  if (signature.startsWith("WECHATPAY/SIGNTEST/")) return "probe";
  const key = keys.get(serial);
  if (!key) return serial === "" ? "signature" : "unknown_key";
  if (!/^\d{1,12}$/.test(timestamp)) return "signature";
  const start = Buffer.from(`${timestamp}\n${header("wechatpay-nonce")}\n`);
  const content = Buffer.concat([start, body, Buffer.from("\n")]);
  if (!isSigned(content, signature, [key])) return "signature";
  return Math.abs(nowMs - Number(timestamp) * 1_000) < FRESH_S * 1_000 ? undefined : "stale";
}
