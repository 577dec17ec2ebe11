import { createCipheriv } from "node:crypto";
import type { Message } from "../base/courier.ts";
import { type Fake, type Faults, happens } from "../base/faults.ts";
import { alphanumeric } from "../base/ids.ts";
import { FRESH_SECONDS } from "../base/limits.ts";
import type { Notice } from "../base/notices.ts";
import type { Account } from "./account.ts";
import type { Report } from "./reports.ts";
import { probe, signedHeaders } from "./signatures.ts";

/** The fakes that the protocol allows. */
export const WECHATPAY_FAKES = [
  "unsigned",
  "wrong_signature",
  "other_body",
  "signtest",
  "stale",
  "future",
  "amount",
  "currency",
  "merchant",
  "trade",
  "payment",
  "state",
] as const satisfies Fake[];

/** Encrypts a report as AEAD_AES_256_GCM with the APIv3 key; the tag ends the ciphertext. */
export function encrypted(key: string, text: string, associated: string) {
  const nonce = alphanumeric(12);
  const cipher = createCipheriv("aes-256-gcm", Buffer.from(key), nonce);
  cipher.setAAD(Buffer.from(associated));
  const bytes = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return {
    algorithm: "AEAD_AES_256_GCM",
    ciphertext: bytes.toString("base64"),
    associated_data: associated,
    nonce,
  };
}

/** A callback signed by one of the two keys: by which is a matter of share while they change. */
export function callback(
  account: Account,
  notice: Notice,
  { faults, nowMs = Date.now() }: { faults: Faults; nowMs?: number },
): Message {
  const body = bodyOf(account, notice, {});
  const key = happens(faults.public_key_percent) ? account.publicKey : account.certificate;
  return { headers: signedHeaders(key, body, nowMs), body };
}

export function fakeCallback(
  kind: Fake,
  account: Account,
  notice: Notice,
  { faults, as = "unknown" }: { faults: Faults; as?: string },
): Message {
  const genuine = callback(account, notice, { faults });
  const signature = String(genuine.headers["wechatpay-signature"]);
  const withSignature = (changed: string) => ({
    ...genuine,
    headers: { ...genuine.headers, "wechatpay-signature": changed },
  });
  const at = (ms: number) => callback(account, notice, { faults, nowMs: Date.now() + ms });
  const signed = (change: Record<string, unknown>) => {
    const body = bodyOf(account, notice, change);
    return { headers: signedHeaders(account.publicKey, body, Date.now()), body };
  };
  const { resource } = JSON.parse(notice.content) as Report;
  const amount = resource.amount as Record<string, number>;
  switch (kind) {
    case "unsigned": {
      const { "wechatpay-signature": _, ...headers } = genuine.headers;
      return { ...genuine, headers };
    }
    case "other_body":
      return { ...genuine, body: bodyOf(account, notice, { amount: raised(amount) }) };
    case "signtest":
      return withSignature(probe(signature));
    case "stale":
      return at(-(FRESH_SECONDS + 60) * 1_000);
    case "future":
      return at((FRESH_SECONDS + 60) * 1_000);
    case "amount":
      return signed({ amount: raised(amount) });
    case "currency":
      return signed({ amount: { ...amount, currency: "USD" } });
    case "merchant":
      return signed({ mchid: "1600000001" });
    case "trade":
      return signed({ transaction_id: `4200${"0".repeat(24)}` });
    case "payment":
      return signed({ out_trade_no: as });
    case "state":
      return signed({ trade_state: "NOTPAY", refund_status: "PROCESSING" });
    default:
      return withSignature(Buffer.from(signature, "base64").reverse().toString("base64"));
  }
}

function raised(amount: Record<string, number>) {
  return { ...amount, total: (amount.total ?? 0) + 1, refund: amount.refund && amount.refund + 1 };
}

function bodyOf(account: Account, notice: Notice, change: Record<string, unknown>): Buffer {
  const { resource, original_type, ...content } = JSON.parse(notice.content) as Report;
  const text = JSON.stringify({ ...resource, ...change });
  const body = {
    id: notice.id,
    resource_type: "encrypt-resource",
    ...content,
    resource: {
      ...encrypted(account.apiV3Key(), text, original_type),
      original_type,
    },
  };
  return Buffer.from(JSON.stringify(body));
}
