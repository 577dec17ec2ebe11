import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../testbed/calls/receiver.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { ask, type Sandbox, startSandbox } from "./sandbox.ts";

describe("the checkout page of the sandbox", () => {
  let shop: Receiver;
  let sandbox: Sandbox;

  before(async () => {
    shop = await startReceiver();
    sandbox = await startSandbox(shop.url);
  });

  after(async () => {
    await sandbox?.stop();
    await shop?.stop();
  });

  /** Submits the form with this button, as a browser would. */
  async function press(checkoutUrl: string, button: string) {
    const { text } = await ask(checkoutUrl);
    const forms = [
      ...text.matchAll(/<form method="post" action="([^"]+)">\s*<button[^>]*>([^<]+)/g),
    ];
    const form = forms.find(([, , label]) => label?.startsWith(button));
    assert.ok(form?.[1], `no button ${button}`);
    return fetch(new URL(form[1], checkoutUrl), { method: "POST", redirect: "manual" });
  }

  it("shows the amount, pays, notifies the shop, and leads back", async () => {
    const { id, checkoutUrl } = await sandbox.open();
    const { status, text } = await ask(checkoutUrl);
    assert.equal(status, 200);
    assert.match(text, /123\.45 EUR/);
    const paid = await press(checkoutUrl, "Pay 123.45 EUR");
    assert.equal(paid.status, 303);
    assert.equal(paid.headers.get("location"), "http://127.0.0.1:9/thanks?order=7");
    await eventually(() => assert.equal(shop.received.at(-1)?.json.merchant_trade_id, id));
    const after = await ask(checkoutUrl);
    assert.match(after.text, /<h1>Paid<\/h1>/);
    assert.doesNotMatch(after.text, /<button/);
    assert.match(after.text, /<a href="http:\/\/127\.0\.0\.1:9\/thanks\?order=7">/);
  });

  it("shows amounts with the places of their currency", async () => {
    for (const [currency, shown] of [
      ["JPY", "12345 JPY"],
      ["KWD", "12.345 KWD"],
      ["CLF", "1.2345 CLF"],
    ] as const) {
      const { checkoutUrl } = await sandbox.open({ currency });
      const { text } = await ask(checkoutUrl);
      assert.match(text, new RegExp(`<p class="amount">${shown}</p>`));
      assert.match(text, new RegExp(`>Pay ${shown}<`));
    }
  });

  it("speaks the language of the browser, until the shopper chooses the other one", async () => {
    const { checkoutUrl } = await sandbox.open();
    const chinese = await ask(checkoutUrl, { headers: { "accept-language": "zh-CN,zh;q=0.9" } });
    assert.match(chinese.text, /<html lang="zh-CN">.*>支付 123\.45 EUR</s);
    const [, other = ""] = /<a href="([^"]+)" hreflang="en">/.exec(chinese.text) ?? [];
    const english = await ask(new URL(other, checkoutUrl).href, {
      headers: { "accept-language": "zh-CN" },
    });
    assert.match(english.text, /<html lang="en">.*action="[^"]+\/pay\?lang=en".*Pay 123\.45 EUR</s);
    assert.equal((await press(`${checkoutUrl}?lang=zh`, "支付")).status, 303);
  });

  it("pays once, also if the button is pressed 20 times at once", async () => {
    const { id, checkoutUrl } = await sandbox.open();
    const pressed = await Promise.all(
      Array.from({ length: 20 }, () => ask(`${checkoutUrl}/pay`, { method: "POST" })),
    );
    for (const { status } of pressed) assert.equal(status, 303);
    const { notices } = await sandbox.control.state();
    assert.equal(notices.filter(({ paymentId }) => paymentId === id).length, 1);
  });

  it("leads back without paying", async () => {
    const { id, checkoutUrl } = await sandbox.open();
    assert.equal((await press(checkoutUrl, "Cancel")).status, 303);
    assert.equal((await sandbox.get(`/v1/payments/${id}`)).json.state, "open");
  });

  it("has no button for a closed payment, and refuses to pay it", async () => {
    const { id, checkoutUrl } = await sandbox.open({ return_url: "" });
    await sandbox.post(`/v1/payments/${id}/close`, {});
    assert.doesNotMatch((await ask(checkoutUrl)).text, /<button/);
    assert.equal((await ask(`${checkoutUrl}/pay`, { method: "POST" })).status, 409);
    assert.equal((await ask(`${sandbox.url}/checkout/sb00`)).status, 404);
    assert.equal((await ask(`${sandbox.url}/checkout/sb00/pay`, { method: "POST" })).status, 404);
  });

  it("escapes input of the shop, and allows neither frames nor scripts", async () => {
    const { checkoutUrl } = await sandbox.open({
      return_url: `http://127.0.0.1:9/?a="><script>alert(1)</script>&b='`,
    });
    await ask(`${checkoutUrl}/pay`, { method: "POST" });
    const response = await fetch(checkoutUrl);
    assert.doesNotMatch(await response.text(), /<script|"><|&b=/);
    const policy = response.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'; style-src 'sha256-\S+'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.match(policy, /form-action 'self' http:\/\/127\.0\.0\.1:9;/);
  });

  it("hides the control interface in production", async () => {
    const closed = await startSandbox(shop.url, {
      SHOP_ENV: "production",
      SHOP_SANDBOX_SECRET: "a secret of the real shop",
    });
    try {
      for (const path of ["/control/state", "/control/faults"])
        assert.equal((await ask(`${closed.url}${path}`)).status, 404);
      assert.equal((await ask(`${closed.url}/healthz`)).status, 200);
    } finally {
      await closed.stop();
    }
  });

  it("takes commands as JSON only, which no page of another origin can send", async () => {
    const answer = await ask(`${sandbox.url}/control/faults`, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "text/plain" },
    });
    assert.equal(answer.status, 415);
  });
});
