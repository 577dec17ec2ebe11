import { fenOf } from "../base/amounts.ts";
import { beijingMs } from "../base/beijing.ts";
import { take } from "../base/faults.ts";
import { textOf } from "../base/fields.ts";
import { newToken } from "../base/ids.ts";
import { DAY, HOUR, MINUTE } from "../base/limits.ts";
import { mayNotify } from "../base/notify-rule.ts";
import type { Sql } from "../base/store.ts";
import { addTrade, changeTrade, type Trade, tradeOf } from "../base/trades.ts";
import { type Alipay, knownTrade, type Reader, tradeJson } from "./alipay.ts";
import { refused } from "./errors.ts";
import { payTrade } from "./payments.ts";
import { reportTrade } from "./reports.ts";
import type { Request } from "./requests.ts";

const LONGEST_MS = 15 * DAY;
/** A QR code that was not scanned is valid for two hours. */
const CODE_LIVES_MS = 2 * HOUR;
const MOST_FEN = 10_000_000_000n;

/**
 * Remembers what the merchant's link or code asks for. The trade begins when the shopper scans or
 * logs in.
 */
export function openTrade(alipay: Alipay, sql: Sql, { method, params, fields }: Request): Trade {
  const { clock, notify } = alipay;
  const number = textOf(fields, "out_trade_no");
  const amount = fenOf(textOf(fields, "total_amount"));
  if (amount === undefined || amount === 0n || amount > MOST_FEN)
    throw refused("INVALID_PARAMETER", "total_amount must be from 0.01 to 100000000.00");
  const known = tradeOf(sql, "alipay", number);
  if (known) {
    if (known.amount !== amount || known.fields.subject !== fields.subject)
      throw refused("CONTEXT_INCONSISTENT", "交易信息被篡改");
    if (known.state === "paid" || known.state === "finished")
      throw refused("TRADE_HAS_SUCCESS", "交易已被支付");
    if (known.state === "closed") throw refused("TRADE_HAS_CLOSE", "交易已经关闭");
    return known;
  }
  const notifyUrl = params.notify_url ?? "";
  if (notifyUrl !== "" && !mayNotify(notify, notifyUrl))
    throw refused("INVALID_PARAMETER", "notify_url must be on an allowed origin");
  const nowMs = clock.nowMs();
  const expireMs = Math.min(
    expiry(nowMs, textOf(fields, "time_expire"), textOf(fields, "timeout_express")),
    method === "alipay.trade.precreate" ? nowMs + CODE_LIVES_MS : Number.POSITIVE_INFINITY,
  );
  return addTrade(sql, {
    face: "alipay",
    number,
    token: newToken(),
    providerId: undefined,
    amount,
    currency: "CNY",
    state: "created",
    createMs: nowMs,
    expireMs,
    notifyUrl,
    returnUrl: params.return_url ?? "",
    fields: { ...fields, method },
  });
}

/** time_expire wins. A relative time counts from here; the real one counts from each visit. */
function expiry(nowMs: number, timeExpire: string, relative: string): number {
  if (timeExpire !== "") {
    const ms = beijingMs(timeExpire);
    if (ms === undefined || ms <= nowMs)
      throw refused("INVALID_PARAMETER", "time_expire must be a time in the future");
    return Math.min(ms, nowMs + LONGEST_MS);
  }
  const [, count, unit = ""] = /^(\d+)([mhdc])$/.exec(relative) ?? [];
  const units: Record<string, number> = { m: MINUTE, h: HOUR, d: DAY, c: DAY };
  const ms = count === undefined ? LONGEST_MS : Number(count) * (units[unit] ?? DAY);
  return nowMs + Math.min(ms, LONGEST_MS);
}

/** The text of the QR code. */
export function codeOf(token: string): string {
  return `https://qr.alipay.com/${token}`;
}

export function precreate(alipay: Alipay, sql: Sql, request: Request): object {
  const { number, token } = openTrade(alipay, sql, request);
  return { out_trade_no: number, qr_code: codeOf(token) };
}

export function queryTrade(sql: Reader, { fields }: Request): object {
  return tradeJson(knownTrade(sql, fields));
}

/** Closes a trade that waits for the shopper. */
export function closeTrade(alipay: Alipay, sql: Sql, { fields }: Request): object {
  let trade = knownTrade(sql, fields);
  if (trade.state === "open" && take(alipay.faults.current, "pay_during_close"))
    trade = payTrade(alipay, sql, trade, { method: "", coupon: 0n });
  if (trade.state !== "open") throw refused("TRADE_STATUS_ERROR", "交易状态不合法", true);
  const closeMs = alipay.clock.nowMs();
  const closed = changeTrade(sql, trade, { state: "closed", closeMs });
  reportClosed(alipay, sql, closed);
  return { out_trade_no: closed.number, trade_no: closed.providerId };
}

/** The product for computers sends no notice of a closed trade; the one for QR codes does. */
export function reportClosed(alipay: Alipay, sql: Sql, trade: Trade): void {
  if (trade.fields.method === "alipay.trade.precreate" && trade.providerId !== undefined)
    reportTrade(alipay, sql, { trade, status: "TRADE_CLOSED" });
}
