import { renderSVG } from "uqr";
import type { HttpAnswer } from "#platform/http/answer.ts";
import { yuan } from "../base/amounts.ts";
import type { Call } from "../base/face.ts";
import { textOf } from "../base/fields.ts";
import { escaped } from "../base/html.ts";
import {
  definitions,
  languageField,
  languageOf,
  pageAnswer,
  redirect,
  type Texts,
} from "../base/page.ts";
import { type Trade, tradeOfToken } from "../base/trades.ts";
import { payTrade } from "./payments.ts";
import { codeUrl } from "./transactions.ts";
import type { Wechatpay } from "./wechatpay.ts";

const STYLE = `
body { background: #ededed; }
main { text-align: center; border-top: 0.5rem solid #07c160; }
main.phone, .amount { font-family: Georgia, serif; }
button.pay { background: #07853f; border-color: #07853f; color: #fff; }
`;

type Key =
  | "scanTitle"
  | "scanNote"
  | "scan"
  | "payTitle"
  | "payNote"
  | "pay"
  | "cancel"
  | "paid"
  | "closed"
  | "order"
  | "merchant"
  | "paste"
  | "open";

const TEXTS: Texts<Key> = {
  en: {
    scanTitle: "WeChat Pay: scan to pay",
    scanNote: "Simulated. No phone and no money is needed.",
    scan: "Scan with the simulated phone",
    payTitle: "WeChat Pay",
    payNote: "The simulated phone has scanned the code.",
    pay: "Confirm payment",
    cancel: "Not now",
    paid: "Payment successful",
    closed: "This order is closed or its time is over",
    order: "Order",
    merchant: "Item",
    paste: "Text of the QR code",
    open: "Show",
  },
  zh: {
    scanTitle: "微信支付：扫码支付",
    scanNote: "模拟环境，不需要手机，也不会产生真实扣款。",
    scan: "用模拟手机扫码",
    payTitle: "微信支付",
    payNote: "模拟手机已扫描二维码。",
    pay: "确认支付",
    cancel: "暂不支付",
    paid: "支付成功",
    closed: "订单已关闭或已过期",
    order: "订单号",
    merchant: "商品",
    paste: "二维码内容",
    open: "显示",
  },
};

/**
 * The pages: /scan?code=TEXT draws a QR code and scans it, /pay/TOKEN is the phone's screen, and
 * /h5/TOKEN is the same for a shop on the phone itself. Undefined for other paths.
 */
export function page(wechatpay: Wechatpay, call: Call): Promise<HttpAnswer> | undefined {
  if (call.path === "/scan") return Promise.resolve(scanPage(wechatpay, call));
  const [, token] = /^\/(?:pay|h5)\/([0-9a-f]{32})$/.exec(call.path) ?? [];
  return token === undefined ? undefined : phone(wechatpay, call, token);
}

function scanPage({ store }: Wechatpay, call: Call): HttpAnswer {
  const language = languageOf(call, "zh");
  const texts = TEXTS[language];
  const code = call.query.get("code") ?? "";
  const token = /^weixin:\/\/wxpay\/bizpayurl\?pr=([0-9a-f]{32})$/.exec(code)?.[1];
  const trade = token === undefined ? undefined : tradeOfToken(store.read, "wechatpay", token);
  const body = trade ? codeBody(call, trade, texts) : formBody(call, texts);
  const note = `<p class="note">${texts.scanNote}</p>`;
  const status = code !== "" && !trade ? 404 : 200;
  const title = texts.scanTitle;
  return pageAnswer({
    status,
    call,
    language,
    title,
    style: STYLE,
    body: note + body,
    returnUrl: "",
  });
}

function codeBody(call: Call, trade: Trade, texts: Record<Key, string>): string {
  const svg = renderSVG(codeUrl(trade.token), { ecc: "M", border: 2 });
  return `<div class="qr" role="img" aria-label="QR">${svg}</div>
<p class="amount">¥${yuan(trade.amount)}</p>
<form action="/pay/${trade.token}">${languageField(call)}<button class="pay">${texts.scan}</button>
</form>`;
}

function formBody(call: Call, texts: Record<Key, string>): string {
  return `<form action="/scan">${languageField(call)}<label for="code">${texts.paste}</label>
<input id="code" name="code" placeholder="weixin://wxpay/bizpayurl?pr=…" required>
<button class="pay">${texts.open}</button></form>`;
}

async function phone(wechatpay: Wechatpay, call: Call, token: string): Promise<HttpAnswer> {
  const { store } = wechatpay;
  const trade = tradeOfToken(store.read, "wechatpay", token);
  if (!trade) return { status: 404, body: "not found\n" };
  if (call.method !== "POST") return screen(call, trade);
  const coupon = BigInt(wechatpay.faults.current.coupon);
  const now = await store.transact((sql) => {
    const current = tradeOfToken(sql, "wechatpay", token) as Trade;
    return payTrade(wechatpay, sql, current, { method: "", coupon });
  });
  const returnUrl = call.query.get("redirect_url") ?? "";
  if (now.state === "paid" && /^https?:\/\//.test(returnUrl)) return redirect(returnUrl);
  return screen(call, now, now.state === "paid" ? 200 : 409);
}

function screen(call: Call, trade: Trade, status = 200): HttpAnswer {
  const language = languageOf(call, "zh");
  const texts = TEXTS[language];
  const returnUrl = call.query.get("redirect_url") ?? "";
  const isOpen = trade.state === "open" && status === 200;
  const title = isOpen ? texts.payTitle : trade.state === "paid" ? texts.paid : texts.closed;
  const facts = definitions([
    [texts.merchant, textOf(trade.fields, "description")],
    [texts.order, trade.number],
  ]);
  const query = call.query.size > 0 ? `?${call.query}` : "";
  const form = `<form method="post" action="${escaped(call.path + query)}">
<button class="pay">${texts.pay}</button></form>
<form action="/scan">${languageField(call)}<input type="hidden" name="code" value="${escaped(codeUrl(trade.token))}">
<button class="plain">${texts.cancel}</button></form>`;
  const body = `<p class="note">${isOpen ? texts.payNote : ""}</p>
<p class="amount">¥${yuan(trade.amount)}</p>
${facts}
${isOpen ? form : ""}`;
  return pageAnswer({ status, call, language, title, style: STYLE, body, returnUrl });
}
