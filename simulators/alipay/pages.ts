import { renderSVG } from "uqr";
import type { HttpAnswer } from "#platform/http/answer.ts";
import { yuan } from "../base/amounts.ts";
import { beijingTime } from "../base/beijing.ts";
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
import type { Alipay } from "./alipay.ts";
import { signingKey } from "./callbacks.ts";
import { AlipayError } from "./errors.ts";
import { beginTrade, payTrade } from "./payments.ts";
import { paramsOf, readRequest } from "./requests.ts";
import { sign, signedText } from "./signatures.ts";
import { codeOf, openTrade } from "./trades.ts";

const STYLE = `
body { background: #f5f7fa; }
main { border: 1px solid #d6dbe3; border-top: 0.25rem solid #1677ff; border-radius: 0.25rem; }
button.pay { background: #0b5ed7; border-color: #0b5ed7; color: #fff; }
.amount { color: #b84300; text-align: right; }
`;

type Key =
  | "cashier"
  | "note"
  | "scan"
  | "login"
  | "account"
  | "password"
  | "next"
  | "pay"
  | "paid"
  | "over"
  | "item"
  | "order"
  | "back"
  | "fault"
  | "paste"
  | "open";

const TEXTS: Texts<Key> = {
  en: {
    cashier: "Alipay cashier",
    note: "Simulated. No money moves, and any password is right.",
    scan: "Scan with the simulated phone",
    login: "Or log in to your Alipay account",
    account: "Account",
    password: "Payment password",
    next: "Log in",
    pay: "Confirm payment",
    paid: "Paid",
    over: "This payment is closed or its time is over",
    item: "Item",
    order: "Order",
    back: "Back to the shop",
    fault: "Alipay refuses this request",
    paste: "Text of the QR code",
    open: "Show",
  },
  zh: {
    cashier: "支付宝收银台",
    note: "模拟环境，不会产生真实扣款，密码可任意填写。",
    scan: "用模拟手机扫码支付",
    login: "或登录支付宝账户付款",
    account: "账户名",
    password: "支付密码",
    next: "下一步",
    pay: "确认付款",
    paid: "付款成功",
    over: "交易已关闭或已过期",
    item: "商品",
    order: "订单号",
    back: "返回商家",
    fault: "支付宝拒绝了此请求",
    paste: "二维码内容",
    open: "显示",
  },
};

/**
 * The pages: /gateway.do with alipay.trade.page.pay leads to /cashier/TOKEN, where the shopper
 * scans or logs in and then pays; /scan?code=TEXT is the phone for codes of
 * alipay.trade.precreate.
 * Undefined for other paths.
 */
export function page(alipay: Alipay, call: Call): Promise<HttpAnswer> | undefined {
  if (call.path === "/gateway.do" && methodOf(call) === "alipay.trade.page.pay")
    return gateway(alipay, call);
  if (call.path === "/scan") return Promise.resolve(scanPage(alipay, call));
  const [, token] = /^\/cashier\/([0-9a-f]{32})$/.exec(call.path) ?? [];
  return token === undefined ? undefined : cashier(alipay, call, token);
}

function methodOf(call: Call): string | null {
  return call.query.get("method") ?? new URLSearchParams(call.body.toString()).get("method");
}

async function gateway(alipay: Alipay, call: Call): Promise<HttpAnswer> {
  try {
    const request = readRequest(alipay.account, paramsOf(call));
    const trade = await alipay.store.transact((sql) => openTrade(alipay, sql, request));
    return { status: 302, headers: { location: `${alipay.origin()}/cashier/${trade.token}` } };
  } catch (error) {
    if (!(error instanceof AlipayError)) throw error;
    const language = languageOf(call, "zh");
    const body = `<p>${escaped(error.subCode)}</p><p>${escaped(error.message)}</p>`;
    const title = TEXTS[language].fault;
    return pageAnswer({ call, language, title, style: STYLE, body, returnUrl: "" });
  }
}

function scanPage({ store }: Alipay, call: Call): HttpAnswer {
  const code = call.query.get("code") ?? "";
  const [, token] = /^https:\/\/qr\.alipay\.com\/([0-9a-f]{32})$/.exec(code) ?? [];
  if (token !== undefined && tradeOfToken(store.read, "alipay", token))
    return redirect(`/cashier/${token}${languageQuery(call)}`);
  const language = languageOf(call, "zh");
  const texts = TEXTS[language];
  const body = `<p class="note">${texts.note}</p>
<form action="/scan">${languageField(call)}<label for="code">${texts.paste}</label>
<input id="code" name="code" placeholder="https://qr.alipay.com/…" required>
<button class="pay">${texts.open}</button></form>`;
  const status = code === "" ? 200 : 404;
  return pageAnswer({
    status,
    call,
    language,
    title: texts.cashier,
    style: STYLE,
    body,
    returnUrl: "",
  });
}

function languageQuery({ query }: Call): string {
  const chosen = query.get("lang");
  return chosen === null ? "" : `?${new URLSearchParams({ lang: chosen })}`;
}

/** GET shows what is next; POST scans, logs in or pays, by `step`. */
async function cashier(alipay: Alipay, call: Call, token: string): Promise<HttpAnswer> {
  const { store, faults } = alipay;
  const trade = tradeOfToken(store.read, "alipay", token);
  if (!trade) return { status: 404, body: "not found\n" };
  if (call.method !== "POST") return show(alipay, call, trade);
  const step = new URLSearchParams(call.body.toString()).get("step");
  const coupon = BigInt(faults.current.coupon);
  const now = await store.transact((sql) => {
    const current = tradeOfToken(sql, "alipay", token) as Trade;
    if (step === "begin") return beginTrade(alipay, sql, current);
    return step === "pay" ? payTrade(alipay, sql, current, { method: "", coupon }) : current;
  });
  if (now.state === "paid" && now.returnUrl !== "") return redirect(returnUrl(alipay, now));
  return show(alipay, call, now);
}

function show({ clock }: Alipay, call: Call, trade: Trade): HttpAnswer {
  const language = languageOf(call, "zh");
  const texts = TEXTS[language];
  const waits = trade.expireMs > clock.nowMs();
  const facts = `<p class="note">${texts.note}</p>
<p class="amount">${yuan(trade.amount)} CNY</p>
${definitions([
  [texts.item, textOf(trade.fields, "subject")],
  [texts.order, trade.number],
])}`;
  const shown = (title: string, more: string) =>
    pageAnswer({
      call,
      language,
      title,
      style: STYLE,
      body: facts + more,
      returnUrl: trade.returnUrl,
    });
  if (trade.state === "created" && waits) return shown(texts.cashier, beginForms(trade, texts));
  if (trade.state === "open" && waits) return shown(texts.pay, payForm(texts));
  return shown(["paid", "finished"].includes(trade.state) ? texts.paid : texts.over, "");
}

function beginForms(trade: Trade, texts: Record<Key, string>): string {
  const begin = '<input type="hidden" name="step" value="begin">';
  return `<div class="qr" role="img" aria-label="QR">${renderSVG(codeOf(trade.token), { border: 2 })}</div>
<form method="post">${begin}<button class="pay">${texts.scan}</button></form>
<h2 class="note">${texts.login}</h2>
<form method="post">${begin}
<label for="account">${texts.account}</label>
<input id="account" name="account" value="buyer@sandbox.com" autocomplete="off">
<button class="plain">${texts.next}</button></form>`;
}

function payForm(texts: Record<Key, string>): string {
  return `<form method="post"><input type="hidden" name="step" value="pay">
<label for="password">${texts.password}</label>
<input id="password" name="password" type="password" value="111111" autocomplete="off">
<button class="pay">${texts.pay}</button></form>`;
}

/** The shopper comes back with signed parameters, which prove nothing to the shop. */
function returnUrl({ account, faults, clock }: Alipay, trade: Trade): string {
  const url = new URL(trade.returnUrl);
  const params: Record<string, string> = {
    ...Object.fromEntries(url.searchParams),
    charset: "utf-8",
    out_trade_no: trade.number,
    method: "alipay.trade.page.pay.return",
    total_amount: yuan(trade.amount),
    trade_no: String(trade.providerId),
    auth_app_id: account.appId,
    version: "1.0",
    app_id: account.appId,
    sign_type: "RSA2",
    seller_id: account.sellerId,
    timestamp: beijingTime(clock.nowMs()),
  };
  const text = signedText(params, ["sign", "sign_type"]);
  const signature = sign(text, signingKey(account, faults.current));
  url.search = new URLSearchParams({ ...params, sign: signature }).toString();
  return url.href;
}
