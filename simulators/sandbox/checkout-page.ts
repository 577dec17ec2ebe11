import type { HttpAnswer } from "#platform/http/answer.ts";
import { amountText } from "#platform/values/currencies.ts";
import { escaped } from "../base/html.ts";
import { type Asked, definitions, languageOf, pageAnswer, type Texts } from "../base/page.ts";
import type { Payment } from "./ledger.ts";

const STYLE = `
body { background: #f3f5f3; }
main { border: 1px solid #c9d1cb; }
button.pay { background: #15603a; border-color: #15603a; color: #fff; }
`;

type Key =
  | "open"
  | "openNote"
  | "paid"
  | "paidNote"
  | "closed"
  | "closedNote"
  | "unknown"
  | "unknownNote"
  | "payment"
  | "trade"
  | "pay"
  | "cancel"
  | "back";

const TEXTS: Texts<Key> = {
  en: {
    open: "Pay jetshop",
    openNote: "This is a sandbox. No money moves.",
    paid: "Paid",
    paidNote: "The sandbox is notifying the shop.",
    closed: "This payment is closed",
    closedNote: "Nothing was paid. This payment can no longer be paid.",
    unknown: "Unknown payment",
    unknownNote: "Go back to the shop and start the payment again.",
    payment: "Payment",
    trade: "Trade",
    pay: "Pay",
    cancel: "Cancel",
    back: "Back to the shop",
  },
  zh: {
    open: "向 jetshop 付款",
    openNote: "沙箱环境，不会产生真实扣款。",
    paid: "付款成功",
    paidNote: "沙箱正在通知商店。",
    closed: "此付款已关闭",
    closedNote: "没有扣款，此付款已无法继续。",
    unknown: "找不到此付款",
    unknownNote: "请返回商店重新发起付款。",
    payment: "付款编号",
    trade: "交易号",
    pay: "支付",
    cancel: "取消",
    back: "返回商店",
  },
};

/** The page on which a shopper pays. It works without scripts. */
export function checkoutPage(asked: Asked, payment: Payment, status = 200): HttpAnswer {
  const { state, returnUrl, merchantTradeId, tradeId } = payment;
  const language = languageOf(asked, "en");
  const texts = TEXTS[language];
  // Also after a form was sent elsewhere, the link to the other language leads to this page.
  const path = `/checkout/${tradeId}`;
  const back = returnUrl === "" ? "" : `<p><a href="${escaped(returnUrl)}">${texts.back}</a></p>`;
  return pageAnswer({
    status,
    call: { ...asked, path },
    language,
    title: texts[state],
    style: STYLE,
    returnUrl,
    body: `<p class="note">${texts[`${state}Note`]}</p>
<p class="amount">${escaped(amount(payment))}</p>
${definitions([
  [texts.payment, merchantTradeId],
  [texts.trade, tradeId],
])}
${state === "open" ? buttons(asked, payment, texts) : back}`,
  });
}

export function noSuchPage(asked: Asked): HttpAnswer {
  const language = languageOf(asked, "en");
  const { unknown: title, unknownNote: note } = TEXTS[language];
  const body = `<p class="note">${note}</p>`;
  const page = { call: asked, language, title, style: STYLE, body, returnUrl: "" };
  return pageAnswer({ status: 404, ...page });
}

function buttons({ query }: Asked, payment: Payment, texts: Record<Key, string>): string {
  const path = `/checkout/${escaped(payment.tradeId)}`;
  const kept = query.size > 0 ? escaped(`?${query}`) : "";
  return `<form method="post" action="${path}/pay${kept}">
<button class="pay">${texts.pay} ${escaped(amount(payment))}</button>
</form>
<form method="post" action="${path}/cancel${kept}">
<button class="plain">${texts.cancel}</button>
</form>`;
}

/** "123.45 EUR", "12345 JPY" */
function amount({ amountCents, currency }: Payment): string {
  return amountText(amountCents, currency);
}
