import { take } from "../base/faults.ts";
import { type Fields, textOf } from "../base/fields.ts";
import { newToken } from "../base/ids.ts";
import { DAY, MINUTE } from "../base/limits.ts";
import { mayNotify } from "../base/notify-rule.ts";
import type { Sql } from "../base/store.ts";
import { addTrade, changeTrade, type Trade, tradeOf } from "../base/trades.ts";
import { invalidRequest, paramError, WechatError } from "./errors.ts";
import { payTrade } from "./payments.ts";
import { knownTrade, type Reader, tradeJson, tradeStatus, type Wechatpay } from "./wechatpay.ts";

/** An unpaid order closes after this time. */
const CLOSES_AFTER_MS = 7 * DAY;

export function openNative(wechatpay: Wechatpay, sql: Sql, fields: Fields): object {
  const { token } = open(wechatpay, sql, fields);
  return { code_url: codeUrl(token) };
}

/** The text of the QR code. It is not a link: only WeChat opens it. */
export function codeUrl(token: string): string {
  return `weixin://wxpay/bizpayurl?pr=${token}`;
}

export function openH5(wechatpay: Wechatpay, sql: Sql, fields: Fields): object {
  const { token } = open(wechatpay, sql, fields);
  return { h5_url: `${wechatpay.origin()}/h5/${token}` };
}

function open(wechatpay: Wechatpay, sql: Sql, fields: Fields): Trade {
  const { account, notify, clock } = wechatpay;
  const nowMs = clock.nowMs();
  if (fields.mchid !== account.mchid) throw new WechatError(400, "MCH_NOT_EXISTS", "商户号不存在");
  if (fields.appid !== account.appid)
    throw new WechatError(400, "APPID_MCHID_NOT_MATCH", "商户号和appid没有绑定关系");
  const number = textOf(fields, "out_trade_no");
  const known = tradeOf(sql, "wechatpay", number);
  if (known) return reopened(known, fields);
  const timeExpire = textOf(fields, "time_expire");
  if (timeExpire !== "" && !(Date.parse(timeExpire) >= nowMs + MINUTE - 1_000))
    throw paramError("time_expire must be at least a minute ahead");
  const notifyUrl = textOf(fields, "notify_url");
  if (!mayNotify(notify, notifyUrl))
    throw paramError("notify_url must be on an origin in SHOP_SIMULATORS_NOTIFY_ORIGINS");
  return addTrade(sql, {
    face: "wechatpay",
    number,
    token: newToken(),
    providerId: undefined,
    amount: BigInt(fields["amount.total"] as number),
    currency: "CNY",
    state: "open",
    createMs: nowMs,
    expireMs: nowMs + CLOSES_AFTER_MS,
    notifyUrl,
    returnUrl: "",
    fields,
  });
}

/** The same request renews the code. time_expire counts at the first order only. */
function reopened(known: Trade, fields: Fields): Trade {
  const { time_expire: first, ...before } = known.fields;
  const { time_expire: second, ...now } = fields;
  const paths = new Set([...Object.keys(before), ...Object.keys(now)]);
  const same = [...paths].every((path) => before[path] === now[path]);
  if (!same || known.state !== "open")
    throw new WechatError(403, "OUT_TRADE_NO_USED", "商户订单号重复");
  if (first !== second) throw invalidRequest("time_expire 不能修改");
  return known;
}

export function queryTrade(
  { account }: Wechatpay,
  sql: Reader,
  request: { number: string; providerId: string; fields: Fields },
): object {
  if (request.fields.mchid !== account.mchid)
    throw new WechatError(400, "MCH_NOT_EXISTS", "商户号不存在");
  const trade = knownTrade(sql, request);
  return tradeJson(account, trade, tradeStatus(sql, trade));
}

/** Closes an order. A paid one is refused; the shopper may have paid a moment before. */
export function closeTrade(
  wechatpay: Wechatpay,
  sql: Sql,
  { number, fields }: { number: string; fields: Fields },
): WechatError | undefined {
  const { account, clock, faults } = wechatpay;
  if (fields.mchid !== account.mchid) throw new WechatError(400, "MCH_NOT_EXISTS", "商户号不存在");
  let trade = knownTrade(sql, { number, providerId: "" });
  if (trade.state === "open" && take(faults.current, "pay_during_close"))
    trade = payTrade(wechatpay, sql, trade, { method: "", coupon: 0n });
  // Returned, not thrown: the payment of a moment before stays.
  if (trade.state === "paid") return new WechatError(400, "ORDERPAID", "该订单已支付");
  if (trade.state === "closed") return new WechatError(400, "ORDER_CLOSED", "该订单已关闭");
  changeTrade(sql, trade, { state: "closed", closeMs: clock.nowMs() });
  return undefined;
}
