import { createHash } from "node:crypto";
import type { HttpAnswer } from "#platform/http/answer.ts";
import { amountText } from "#platform/values/currencies.ts";
import { escaped } from "../base/html.ts";
import type { Payment, PaymentState } from "./ledger.ts";

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0; display: grid; min-height: 100vh; place-items: center; }
main { box-sizing: border-box; width: min(26rem, 100% - 2rem); margin: 1rem; padding: 1.5rem 2rem 2rem;
  border: 1px solid GrayText; border-radius: 0.75rem; }
h1 { margin: 0; font-size: 1.25rem; }
.note { margin: 0.25rem 0 1.5rem; font-size: 0.875rem; }
.amount { margin: 0 0 1rem; font-size: 2.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0.25rem 1rem; margin: 0 0 1.5rem; font-size: 0.875rem; }
dd { margin: 0; overflow-wrap: anywhere; text-align: right; }
form + form { margin-top: 0.75rem; }
button { width: 100%; padding: 0.75rem; border: 1px solid #15603a; border-radius: 0.5rem; font: inherit;
  cursor: pointer; }
button.pay { background: #15603a; color: #fff; font-weight: 600; }
button.cancel { border-color: GrayText; background: transparent; color: inherit; }
:focus-visible { outline: 3px solid #4b8ef0; outline-offset: 2px; }
`;

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

const TITLES: Record<PaymentState, string> = {
  open: "Pay jetshop",
  paid: "Paid",
  closed: "This payment is closed",
};

const NOTES: Record<PaymentState, string> = {
  open: "This is a sandbox. No money moves.",
  paid: "The sandbox is notifying the shop.",
  closed: "Nothing was paid. This payment can no longer be paid.",
};

/** The page on which a shopper pays. It works without scripts. */
export function checkoutPage(payment: Payment, status = 200): HttpAnswer {
  const { state, returnUrl } = payment;
  const back =
    returnUrl === "" ? "" : `<p><a href="${escaped(returnUrl)}">Back to the shop</a></p>`;
  return page(status, {
    title: TITLES[state],
    formTarget: returnUrl === "" ? "" : new URL(returnUrl).origin,
    body: `<p class="note">${NOTES[state]}</p>
<p class="amount">${escaped(amount(payment))}</p>
<dl>
<dt>Payment</dt><dd>${escaped(payment.merchantTradeId)}</dd>
<dt>Trade</dt><dd>${escaped(payment.tradeId)}</dd>
</dl>
${state === "open" ? buttons(payment) : back}`,
  });
}

export function noSuchPage(): HttpAnswer {
  const body = '<p class="note">Go back to the shop and start the payment again.</p>';
  return page(404, { title: "Unknown payment", formTarget: "", body });
}

function buttons(payment: Payment): string {
  const path = `/checkout/${escaped(payment.tradeId)}`;
  return `<form method="post" action="${path}/pay">
<button class="pay">Pay ${escaped(amount(payment))}</button>
</form>
<form method="post" action="${path}/cancel">
<button class="cancel">Cancel</button>
</form>`;
}

function page(
  status: number,
  { title, formTarget, body }: { title: string; formTarget: string; body: string },
): HttpAnswer {
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    // Browsers apply form-action to the redirect that follows the form as well.
    `form-action 'self' ${formTarget}`.trim(),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  return {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy.join("; "),
      "referrer-policy": "no-referrer",
    },
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`,
  };
}

/** "123.45 EUR", "12345 JPY" */
function amount({ amountCents, currency }: Payment): string {
  return amountText(amountCents, currency);
}
