import type { HttpAnswer } from "#platform/http/answer.ts";
import type { Call } from "../base/face.ts";
import { escaped } from "../base/html.ts";
import { definitions, languageOf, pageAnswer, redirect, type Texts } from "../base/page.ts";
import { type Trade, tradeOfToken } from "../base/trades.ts";
import { amountText } from "./currency.ts";
import { type METHODS, payTrade } from "./payments.ts";
import type { Stripe } from "./stripe.ts";

const STYLE = `
body { background: linear-gradient(90deg, #635bff 0 50%, #f6f9fc 50%); }
main { box-shadow: 0 1rem 3rem #0a254040; }
button.pay { background: #4f46e5; border-color: #4f46e5; color: #fff; }
`;

/** Test numbers, as Stripe publishes them, and what each does. */
const NUMBERS: Record<string, (typeof METHODS)[number]> = {
  "4242424242424242": "card",
  "4000000000000002": "declined",
  "4000000000005126": "refund_fails",
  "4000000000007726": "refund_pending",
  "4000000000000259": "dispute",
  AT611904300234573201: "delayed",
  AT861904300235473202: "delayed_failed",
};

type Key =
  | "pay"
  | "note"
  | "number"
  | "expiry"
  | "code"
  | "cancel"
  | "back"
  | "over"
  | "done"
  | "tryAnother"
  | "unknown"
  | "payment"
  | (typeof METHODS)[number];

const TEXTS: Texts<Key> = {
  en: {
    pay: "Pay",
    note: "Simulated Stripe Checkout. No money moves.",
    number: "Card number or IBAN",
    expiry: "Expiry",
    code: "Security code",
    cancel: "Cancel and go back to the shop",
    back: "Back to the shop",
    over: "This session has expired",
    done: "This session is complete",
    tryAnother: "The card was declined. Try another one.",
    declined: "is declined",
    unknown: "This is not a test number.",
    payment: "Payment",
    card: "succeeds",
    refund_fails: "succeeds; refunds fail later",
    refund_pending: "succeeds; refunds stay pending for a while",
    dispute: "succeeds, then is disputed",
    delayed: "bank debit; succeeds after a minute",
    delayed_failed: "bank debit; fails after a minute",
  },
  zh: {
    pay: "支付",
    note: "模拟的 Stripe Checkout，不会产生真实扣款。",
    number: "卡号或 IBAN",
    expiry: "有效期",
    code: "安全码",
    cancel: "取消并返回商店",
    back: "返回商店",
    over: "此会话已过期",
    done: "此会话已完成",
    tryAnother: "银行卡被拒绝，请换一张。",
    declined: "被拒绝",
    unknown: "这不是测试卡号。",
    payment: "付款",
    card: "支付成功",
    refund_fails: "支付成功；退款随后失败",
    refund_pending: "支付成功；退款暂时处理中",
    dispute: "支付成功，随后发生争议",
    delayed: "银行扣款；一分钟后成功",
    delayed_failed: "银行扣款；一分钟后失败",
  },
};

/** The hosted page of a session; undefined for other paths. */
export function checkoutPage(stripe: Stripe, call: Call): Promise<HttpAnswer> | undefined {
  const [, token] = /^\/c\/pay\/([0-9a-f]{32})$/.exec(call.path) ?? [];
  return token === undefined ? undefined : answer(stripe, call, token);
}

async function answer(stripe: Stripe, call: Call, token: string): Promise<HttpAnswer> {
  const trade = tradeOfToken(stripe.store.read, "stripe", token);
  if (!trade) return { status: 404, body: "not found\n" };
  if (call.method !== "POST") return show(call, trade);
  const number = (new URLSearchParams(call.body.toString()).get("number") ?? "").replace(/\s/g, "");
  const method = Object.hasOwn(NUMBERS, number) ? NUMBERS[number] : undefined;
  if (method === undefined) return show(call, trade, "unknown");
  if (method === "declined") return show(call, trade, "tryAnother");
  const coupon = 0n;
  const paid = await stripe.store.transact((sql) => {
    const now = tradeOfToken(sql, "stripe", token) as Trade;
    return payTrade(stripe, sql, now, { method, coupon });
  });
  return paid.state === "closed" ? show(call, paid) : redirect(successUrl(paid));
}

function show(call: Call, trade: Trade, fault?: "unknown" | "tryAnother"): HttpAnswer {
  const language = languageOf(call, "en");
  const texts = TEXTS[language];
  const { returnUrl, fields, state } = trade;
  const cancelUrl = String(fields.cancel_url ?? "");
  const title = state === "open" ? "Stripe Checkout" : state === "closed" ? texts.over : texts.done;
  const name = String(fields["line_items[0][price_data][product_data][name]"] ?? "");
  const facts = definitions([[texts.payment, String(fields.client_reference_id ?? trade.number)]]);
  const back = state === "closed" ? cancelUrl : successUrl(trade);
  const body = `<p class="note">${texts.note}</p>
<p>${escaped(name)}</p>
<p class="amount">${escaped(amountText(trade.amount, trade.currency))}</p>
${facts}
${fault ? `<p role="alert">${texts[fault]}</p>` : ""}
${state === "open" ? form(texts, cancelUrl) : `<p><a href="${escaped(back)}">${texts.back}</a></p>`}`;
  const status = fault ? 402 : 200;
  return pageAnswer({ status, call, language, title, style: STYLE, body, returnUrl });
}

function form(texts: Record<Key, string>, cancelUrl: string): string {
  const rows = Object.entries(NUMBERS).map(
    ([number, method]) => `<tr><td>${number}</td><td>${texts[method]}</td></tr>`,
  );
  return `<form method="post">
<label for="number">${texts.number}</label>
<input id="number" name="number" value="4242 4242 4242 4242" autocomplete="off" required>
<label for="expiry">${texts.expiry}</label>
<input id="expiry" name="expiry" value="12 / 34" autocomplete="off">
<label for="code">${texts.code}</label>
<input id="code" name="code" value="123" autocomplete="off">
<button class="pay">${texts.pay}</button>
</form>
${cancelUrl === "" ? "" : `<p><a href="${escaped(cancelUrl)}">${texts.cancel}</a></p>`}
<table>${rows.join("")}</table>`;
}

function successUrl({ returnUrl, number }: Trade): string {
  return returnUrl.replaceAll("{CHECKOUT_SESSION_ID}", number);
}
