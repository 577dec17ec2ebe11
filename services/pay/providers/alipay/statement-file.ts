import { Outage } from "#platform/values/refusal.ts";
import { MAX_STATEMENT_BYTES, STATEMENT_TIMEOUT_MS } from "../../limits.ts";
import { exchange } from "../exchange.ts";
import { isBeijingReady } from "../statement.ts";
import { callAlipay, unexpected } from "./client.ts";
import type { AlipaySettings } from "./config.ts";

const ADDRESS = "alipay.data.dataservice.bill.downloadurl.query";
/** Of a day without trades, and of one whose bill is not made yet. */
const NONE = "isp.bill_not_exist";

/**
 * The trade bill of a day of Beijing as Alipay's zip. The address of the file is in a signed answer
 * and lives for 30 seconds. Source: opendocs.alipay.com, alipay.data.dataservice.bill.downloadurl.query.
 */
export async function fetchAlipayStatement(
  settings: AlipaySettings,
  day: string,
): Promise<Uint8Array | "empty" | "not_yet"> {
  const content = { bill_type: "trade", bill_date: day };
  const fields = await callAlipay(settings, { method: ADDRESS, content });
  if (fields.code !== "10000") {
    if (fields.sub_code !== NONE) throw unexpected(ADDRESS, fields);
    return isBeijingReady(day) ? "empty" : "not_yet";
  }
  const url = URL.parse(String(fields.bill_download_url));
  // Plain HTTP only where the gateway itself, a simulator, is reached by it.
  const protocols = ["https:", new URL(settings.url).protocol];
  if (!url || !protocols.includes(url.protocol)) throw unexpected(ADDRESS, fields);
  const { status, body } = await exchange(url, {
    headers: {},
    timeoutMs: STATEMENT_TIMEOUT_MS,
    maxBytes: MAX_STATEMENT_BYTES,
  });
  if (status === 200) return body;
  throw new Outage(`alipay answered the file of ${ADDRESS} with status ${status}`);
}
