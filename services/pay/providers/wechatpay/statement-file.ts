import { createHash } from "node:crypto";
import { Outage } from "#platform/values/refusal.ts";
import { MAX_STATEMENT_BYTES, STATEMENT_TIMEOUT_MS } from "../../limits.ts";
import { isBeijingReady } from "../statement.ts";
import { type Call, callWechatpay, downloadWechatpay, unexpected } from "./client.ts";
import type { WechatpaySettings } from "./config.ts";
import { unzipWechatpayStatement } from "./statement.ts";

const BOUNDS = { timeoutMs: STATEMENT_TIMEOUT_MS, maxBytes: MAX_STATEMENT_BYTES };

/**
 * The trade bill of a day of Beijing, compressed. The signed answer has the SHA-1 of its text, as
 * the file itself is not signed. Source: pay.weixin.qq.com/doc/v3/merchant, "申请交易账单".
 */
export async function fetchWechatpayStatement(
  settings: WechatpaySettings,
  day: string,
): Promise<Uint8Array | "empty" | "not_yet"> {
  const query = `bill_date=${day}&bill_type=ALL&tar_type=GZIP`;
  const call: Call = { method: "GET", target: `/v3/bill/tradebill?${query}` };
  const answer = await callWechatpay(settings, call);
  const { code, hash_type: hashType, hash_value: hash, download_url: address } = answer.fields;
  if (answer.status === 400 && code === "NO_STATEMENT_EXIST") return "empty";
  // STATEMENT_CREATING, and other codes for a day that is not over.
  if (answer.status === 400 && (code === "STATEMENT_CREATING" || !isBeijingReady(day))) {
    return "not_yet";
  }
  const url = URL.parse(String(address));
  if (answer.status !== 200 || hashType !== "SHA1" || !url) throw unexpected(call, answer);
  const file = await downloadWechatpay(settings, `${url.pathname}${url.search}`, BOUNDS);
  const found = createHash("sha1").update(unzipWechatpayStatement(file)).digest("hex");
  if (found === String(hash).toLowerCase()) return file;
  throw new Outage(`wechatpay sent a statement with the hash ${found} instead of ${hash}`);
}
