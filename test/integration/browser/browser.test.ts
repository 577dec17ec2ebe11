import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { OrderStatus } from "#proto/shop/order/v1/order_pb.ts";
import { attack } from "./attack.ts";
import {
  type Browsing,
  buy,
  expectMessage,
  shopIn,
  signUp,
  startBrowsing,
  states,
} from "./browsing.ts";
import { findChromium } from "./chromium.ts";

const executablePath = await findChromium();

(executablePath ? describe : () => {})("a page in a browser, on another origin", function () {
  this.timeout(90_000);
  let browsing: Browsing;

  before(async () => {
    browsing = await startBrowsing(executablePath ?? "");
  });
  afterEach(() => browsing.closeAll());
  after(() => browsing?.stop());

  it("signs in, orders, watches the order live and pays in another tab", async () => {
    const page = await browsing.open();
    const userName = await signUp(page);
    await expectMessage(page, new RegExp(`Hello, ${userName}`));
    const orderId = await buy(page, browsing.goodsName);
    assert.deepEqual(await states(page), ["CONFIRMED, UNPAID"]);

    const opened = page.waitForEvent("popup");
    await page.getByRole("link", { name: "Pay" }).click();
    const checkout = await opened;
    await checkout.getByRole("button", { name: /^Pay 15\.00 CNY$/ }).click();
    await page.getByText("CONFIRMED, PAID").waitFor();
    assert.deepEqual(await states(page), ["CONFIRMED, UNPAID", "CONFIRMED, PAID"]);

    await checkout.waitForURL(`${browsing.origin}/?order=${orderId}`);
    await checkout.getByText("CONFIRMED, PAID").waitFor();
  });

  for (const [provider, buttons] of [
    ["Alipay", ["Scan with the simulated phone", "Confirm payment"]],
    ["WeChat Pay", ["Scan with the simulated phone", "Confirm payment"]],
    ["Stripe", ["Pay"]],
  ] as const) {
    it(`shows what ${provider} asks for: a link to follow, or a code to scan`, async () => {
      const page = await browsing.open();
      await signUp(page);
      await expectMessage(page, /Hello/);
      await buy(page, browsing.goodsName, provider);
      const checkout = await openCheckout(page);
      for (const name of buttons) await checkout.getByRole("button", { name, exact: true }).click();
      await page.getByText("CONFIRMED, PAID").waitFor();
    });
  }

  /** The first page of the provider: in a new tab, or on the phone that scans the drawn code. */
  async function openCheckout(page: Page): Promise<Page> {
    const link = page.getByRole("link", { name: "Pay" });
    const code = page.locator("#checkout figure");
    await link.or(code).waitFor();
    if (await link.isVisible()) {
      const opened = page.waitForEvent("popup");
      await link.click();
      return opened;
    }
    await code.locator("svg").waitFor();
    const text = (await code.locator("figcaption").textContent()) ?? "";
    const { wechatpay } = await browsing.shop.simulators.accounts();
    const phone = await browsing.open("about:blank");
    await phone.goto(`${wechatpay.url}/scan?${new URLSearchParams({ code: text })}`);
    return phone;
  }

  it("resumes watching after the gateway was killed and restarted", async () => {
    const { shop } = browsing;
    const page = await browsing.open();
    await signUp(page);
    await expectMessage(page, /Hello/);
    const orderId = await buy(page, browsing.goodsName);
    await shop.kill("gateway");
    const { payments } = await shop.admin.pay.listPayments({ orderId });
    await shop.sandbox.pay(String(payments[0]?.paymentId));
    await shop.restart("gateway");
    await page.getByText("CONFIRMED, PAID").waitFor();
    assert.equal((await states(page)).at(0), "CONFIRMED, UNPAID");
  });

  describe("keeps its session in cookies", () => {
    it("that scripts cannot read and answers do not contain", async () => {
      const page = await browsing.open();
      const answered = page.waitForResponse(/UserService\/Login$/);
      const userName = await signUp(page);
      await expectMessage(page, /Hello/);
      const login = await (await answered).json();
      assert.deepEqual(Object.keys(login).sort(), ["expireTime", "refreshExpireTime", "user"]);
      assert.equal(login.user.userName, userName);
      const kept = "[document.cookie, localStorage.length, sessionStorage.length]";
      assert.deepEqual(await page.evaluate(kept), ["", 0, 0]);
      const cookies = await page.context().cookies();
      const described = cookies.map(
        ({ name, path, httpOnly, sameSite }) => `${name} ${path} ${httpOnly} ${sameSite}`,
      );
      assert.deepEqual(described.sort(), [
        "shop_access / true Strict",
        "shop_device /shop.user.v1.UserService/Login true Strict",
        "shop_refresh /shop.user.v1.UserService true Strict",
      ]);
    });

    it("and refreshes it once when the access token has expired, for calls and streams", async () => {
      const page = await browsing.open();
      await signUp(page);
      await expectMessage(page, /Hello/);
      const orderId = await buy(page, browsing.goodsName);
      let refreshes = 0;
      page.on("request", (request) => {
        if (request.method() === "POST" && request.url().endsWith("/RefreshSession"))
          refreshes += 1;
      });
      const shop = await shopIn(page, { url: browsing.shop.gatewayUrl });
      await page.context().clearCookies({ name: "shop_access" });
      const names = await shop.evaluate(async ({ users }) => {
        const answers = await Promise.all([1, 2, 3].map(() => users.getUser({})));
        return answers.map(({ user }) => user?.userName);
      });
      assert.equal(new Set(names).size, 1);
      assert.equal(refreshes, 1);
      await page.context().clearCookies({ name: "shop_access" });
      const watched = await shop.evaluate(async ({ watchOrder }, id) => {
        const leaving = new AbortController();
        for await (const order of watchOrder(id, leaving.signal)) return order.orderId;
        return undefined;
      }, orderId);
      assert.equal(watched, orderId);
      assert.equal(refreshes, 2);
    });

    it("until it signs out; a saved cookie does not restore it", async () => {
      const page = await browsing.open();
      await signUp(page);
      await expectMessage(page, /Hello/);
      const kept = await page.context().cookies();
      await page.getByRole("button", { name: "Sign out" }).click();
      await expectMessage(page, /Signed out/);
      // What stays opens nothing: it gives the next login on this device a count of failures.
      const left = await page.context().cookies();
      assert.deepEqual(
        left.map(({ name }) => name),
        ["shop_device"],
      );
      await page.getByRole("button", { name: "Who am I?" }).click();
      await expectMessage(page, /^\[unauthenticated\]/);
      await page.getByRole("button", { name: "Sign out" }).click();
      await expectMessage(page, /Signed out/);
      const refresh = kept.filter(({ name }) => name === "shop_refresh");
      assert.equal(refresh.length, 1);
      await page.context().addCookies(refresh);
      await page.getByRole("button", { name: "Who am I?" }).click();
      await expectMessage(page, /^\[unauthenticated\]/);
    });
  });

  it("can use gRPC-Web for calls, streams and errors", async () => {
    const page = await browsing.open();
    await signUp(page);
    await expectMessage(page, /Hello/);
    const orderId = await buy(page, browsing.goodsName);
    const types = new Set<string | undefined>();
    page.on("response", (response) => {
      if (response.request().method() === "POST") types.add(response.headers()["content-type"]);
    });
    const url = browsing.shop.gatewayUrl;
    const shop = await shopIn(page, { url, protocol: "grpc-web" });
    const goods = await shop.evaluate(async (calls) => (await calls.goods.listGoods({})).goods);
    assert.ok(goods.some(({ name }) => name === browsing.goodsName));
    const watching = shop.evaluate(async ({ watchOrder }, id) => {
      const seen = [];
      const staying = new AbortController();
      for await (const { orderStatus } of watchOrder(id, staying.signal)) seen.push(orderStatus);
      return seen;
    }, orderId);
    await shop.evaluate(({ orders }, id) => orders.cancelOrder({ orderId: id }), orderId);
    assert.equal((await watching).at(-1), OrderStatus.CANCELLED);
    const nothing = shop.evaluate(({ orders }) => orders.getOrder({ orderId: 1n }));
    await assert.rejects(nothing, /\[not_found\]/);
    assert.deepEqual([...types], ["application/grpc-web+proto"]);
  });

  it("can read and change nothing from an origin that is not allowed", async () => {
    const { shop, foreignPort } = browsing;
    const counted = async () => {
      const users = await shop.sql("user", "select count(*) as n from users");
      const orders = await shop.sql("order", "select count(*) as n from orders");
      return [users, orders];
    };
    const before = await counted();
    for (const host of ["127.0.0.1", "localhost"]) {
      const page = await browsing.open(`http://${host}:${foreignPort}`);
      await signUp(page);
      await expectMessage(page, /Failed to fetch/);
      for (const protocol of ["connect", "grpc-web"] as const) {
        const client = await shopIn(page, { url: shop.gatewayUrl, protocol });
        const outcomes = await client.evaluate(async ({ sessions, users, goods, orders }) => {
          const credentials = { userName: "foreign", password: "correct horse" };
          const calls = [
            sessions.register(credentials),
            sessions.login(credentials),
            sessions.refreshSession({}),
            users.getUser({}),
            goods.listGoods({}),
            orders.placeOrder({ requestId: "foreign" }),
            orders.watchOrder({ orderId: 1n })[Symbol.asyncIterator]().next(),
          ];
          const settled = await Promise.allSettled<unknown>(calls);
          return settled.map((one) => (one.status === "rejected" ? String(one.reason) : "ok"));
        });
        const [first = "", ...others] = new Set(outcomes);
        assert.match(first, /Failed to fetch/);
        assert.deepEqual(others, []);
      }
    }
    assert.deepEqual(await counted(), before);
  });

  it("is safe from a foreign page that sends requests with its cookies", async () => {
    const { shop, goodsName, foreignPort } = browsing;
    const page = await browsing.open();
    await signUp(page);
    await expectMessage(page, /Hello/);
    const orderId = await buy(page, goodsName);
    const foreign = await browsing.open(`http://127.0.0.1:${foreignPort}`);
    const requests = await attack(foreign, [
      { url: `${shop.gatewayUrl}/shop.order.v1.OrderService/CancelOrder`, orderId },
      { url: `${shop.gatewayUrl}/shop.user.v1.UserService/Logout` },
    ]);
    for (const { cookie, status } of requests) {
      assert.match(cookie, /shop_access=./);
      assert.equal(status, 403);
    }
    const { order } = await shop.admin.order.getOrder({ orderId });
    assert.equal(order?.orderStatus, OrderStatus.CONFIRMED);
    await page.context().clearCookies({ name: "shop_access" });
    await page.getByRole("button", { name: "Who am I?" }).click();
    await expectMessage(page, /Hello/);
  });

  it("can try a call at /docs, without errors or warnings on the console", async () => {
    const page = await browsing.open("about:blank");
    const problems: string[] = [];
    page.on("console", (line) => {
      if (line.type() === "error" || line.type() === "warning") problems.push(line.text());
    });
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(`${browsing.shop.gatewayUrl}/docs`);
    const operation = page.locator(".opblock").filter({ hasText: "/ListGoods" });
    await operation.locator(".opblock-summary-control").click();
    await operation.getByRole("button", { name: "Try it out" }).click();
    await operation.getByRole("button", { name: "Execute" }).click();
    const answer = operation.locator(".live-responses-table");
    await answer.getByText(browsing.goodsName).first().waitFor();
    assert.deepEqual(problems, []);
  });
});
