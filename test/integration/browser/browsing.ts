import { randomBytes } from "node:crypto";
import type { BrowserContext, JSHandle, Page } from "playwright-core";
import { type PageServer, servePage } from "../../../sdk/browser/serve.ts";
import type { Shop as ShopInPage } from "../../../sdk/browser/shop.ts";
import { newGoods } from "../../../testbed/orders/fixtures.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { startChromium } from "./chromium.ts";

export type Browsing = {
  shop: Shop;
  goodsName: string;
  /** The origin of the example page, which may call the gateway. */
  origin: string;
  /** The port of the same page under an origin that may not. */
  foreignPort: number;
  /** Opens a tab; default: the example page. */
  open(url?: string): Promise<Page>;
  /** Closes all tabs and clears all cookies. */
  closeAll(): Promise<void>;
  stop(): Promise<void>;
};

/** The title of the sandbox, where most tests pay. */
const SANDBOX = /sandbox/i;

/** Timeout for anything to appear on the page, generous because the machine is busy. */
const PAGE_TIMEOUT_MS = 30_000;

export async function startBrowsing(executablePath: string): Promise<Browsing> {
  let shop: Shop | undefined;
  let browser: BrowserContext | undefined;
  let pages: PageServer[] = [];
  const stop = async () => {
    await browser?.close();
    await Promise.all([shop?.stop(), ...pages.map((server) => server.close())]);
  };
  try {
    const shopUrl = () => shop?.gatewayUrl ?? "";
    pages = await Promise.all([servePage({ port: 0, shopUrl }), servePage({ port: 0, shopUrl })]);
    const [own, foreign] = pages as [PageServer, PageServer];
    const starting = startShop({
      gateway: true,
      sandbox: true,
      simulators: true,
      // The currency that all four providers take.
      env: { SHOP_ALLOWED_ORIGINS: own.origin, SHOP_CURRENCY: "CNY" },
    }).then((started) => {
      shop = started;
      return started;
    });
    const launching = startChromium(executablePath).then((launched) => {
      browser = launched;
      return launched;
    });
    // Wait for both before a failure is thrown, so that stop() ends whichever has started.
    await Promise.allSettled([starting, launching]);
    const [started, context] = await Promise.all([starting, launching]);
    const { name } = await newGoods(started, { name: "Storm lantern" });
    context.setDefaultTimeout(PAGE_TIMEOUT_MS);
    return {
      shop: started,
      goodsName: name,
      origin: own.origin,
      foreignPort: foreign.port,
      async open(url = own.origin) {
        const page = await context.newPage();
        await page.goto(url);
        return page;
      },
      async closeAll() {
        await Promise.all(context.pages().map((page) => page.close()));
        await context.clearCookies();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Registers and signs in with the page's form. Resolves to the name of the new user. */
export async function signUp(page: Page): Promise<string> {
  const userName = `browser-${randomBytes(6).toString("hex")}`;
  await page.getByLabel("Name").fill(userName);
  await page.getByLabel("Password").fill("correct horse battery staple");
  await page.getByLabel("I am new here").check();
  await page.getByRole("button", { name: "Sign in" }).click();
  return userName;
}

/** Buys one, waits until the order is confirmed, opens its payment, and resolves to its id. */
export async function buy(
  page: Page,
  goodsName: string,
  provider: string | RegExp = SANDBOX,
): Promise<bigint> {
  const placed = page.waitForResponse(/OrderService\/PlaceOrder$/);
  const shelf = page.getByRole("listitem").filter({ hasText: goodsName });
  await shelf.getByRole("button", { name: "Buy" }).click();
  const { order } = (await (await placed).json()) as { order: { orderId: string } };
  await page.getByText("CONFIRMED, UNPAID").waitFor();
  const opened = page.waitForResponse(/PayService\/CreatePayment$/);
  await page.locator("#checkout").getByRole("button", { name: provider }).click();
  await opened;
  return BigInt(order.orderId);
}

/** The states that the page has shown while it watched the order, oldest first. */
export function states(page: Page): Promise<string[]> {
  return page.locator("#states li").allTextContents();
}

/** Resolves when the message of the page matches the pattern. */
export async function expectMessage(page: Page, pattern: RegExp): Promise<void> {
  await page.locator("#message").filter({ hasText: pattern }).waitFor();
}

/** The example's client inside the page, for calls that have no button. */
export function shopIn(
  page: Page,
  options: { url: string; protocol?: "connect" | "grpc-web" },
): Promise<JSHandle<ShopInPage>> {
  return page.evaluateHandle(async (given) => {
    const path = "/sdk/browser/shop.ts";
    const { openShop } = await import(path);
    return openShop(given);
  }, options);
}
