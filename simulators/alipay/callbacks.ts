import { fenOf, yuan } from "../base/amounts.ts";
import type { Message } from "../base/courier.ts";
import { type Fake, type Faults, happens } from "../base/faults.ts";
import type { Notice } from "../base/notices.ts";
import type { Account } from "./account.ts";
import { sign, signedText, wrongSignature } from "./signatures.ts";

/** The fakes that the protocol allows. Notices have no time that receivers check. */
export const ALIPAY_FAKES = [
  "unsigned",
  "wrong_signature",
  "other_body",
  "amount",
  "merchant",
  "trade",
  "payment",
  "state",
] as const satisfies Fake[];

type Params = Record<string, string>;

/** The key that signs now: after a rotation, the newest one by share. */
export function signingKey(account: Account, faults: Faults): string {
  const [newest, previous = newest] = account.keys();
  const key = happens(faults.public_key_percent) ? newest : previous;
  return (key as { privateKey: string }).privateKey;
}

/** A callback: a form whose signature covers all fields but `sign` and `sign_type`. */
export function callback(params: Params, privateKey: string): Message {
  const signature = sign(signedText(params, ["sign", "sign_type"]), privateKey);
  return form({ ...params, sign: signature });
}

export function noticeParams({ content }: Notice): Params {
  return JSON.parse(content) as Params;
}

export function fakeCallback(
  kind: Fake,
  params: Params,
  { privateKey, as = "unknown" }: { privateKey: string; as?: string },
): Message {
  const signature = sign(signedText(params, ["sign", "sign_type"]), privateKey);
  const more = yuan((fenOf(String(params.total_amount)) ?? 0n) + 1n);
  switch (kind) {
    case "unsigned":
      return form(params);
    case "other_body":
      return form({ ...params, sign: signature, total_amount: more });
    case "amount":
      return callback({ ...params, total_amount: more }, privateKey);
    case "merchant":
      return callback({ ...params, seller_id: "2088000000000000" }, privateKey);
    case "trade":
      return callback({ ...params, trade_no: "2026010122000000000000000000" }, privateKey);
    case "payment":
      return callback({ ...params, out_trade_no: as }, privateKey);
    case "state":
      return callback({ ...params, trade_status: "WAIT_BUYER_PAY" }, privateKey);
    default:
      return form({ ...params, sign: wrongSignature(signature) });
  }
}

function form(params: Params): Message {
  const headers = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
  return { headers, body: Buffer.from(new URLSearchParams(params).toString()) };
}
