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
  /** The origins of the example page: the one that may call the gateway, and one that may not. */
  origin: string;
  foreignPort: number;
  /** A new tab, on the example page. */
  open(url?: string): Promise<Page>;
  /** Closes all tabs and forgets all cookies. */
  closeAll(): Promise<void>;
  stop(): Promise<void>;
};

/** For what the page shows, on a machine that has other things to do. */
const PATIENCE_MS = 30_000;

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
      env: { SHOP_ALLOWED_ORIGINS: own.origin },
    }).then((started) => {
      shop = started;
      return started;
    });
    const launching = startChromium(executablePath).then((launched) => {
      browser = launched;
      return launched;
    });
    // Both are known before either failure is told, so that stop() ends them.
    await Promise.allSettled([starting, launching]);
    const [started, context] = await Promise.all([starting, launching]);
    const { name } = await newGoods(started, { name: "Storm lantern" });
    context.setDefaultTimeout(PATIENCE_MS);
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

/** Registers and signs in by the page's form; the new user's name. */
export async function signUp(page: Page): Promise<string> {
  const userName = `browser-${randomBytes(6).toString("hex")}`;
  await page.getByLabel("Name").fill(userName);
  await page.getByLabel("Password").fill("correct horse battery staple");
  await page.getByLabel("I am new here").check();
  await page.getByRole("button", { name: "Sign in" }).click();
  return userName;
}

/** Buys one, and waits until the watch shows that the order is confirmed and the payment open; the order's id. */
export async function buy(page: Page, goodsName: string): Promise<bigint> {
  const placed = page.waitForResponse(/OrderService\/PlaceOrder$/);
  const shelf = page.getByRole("listitem").filter({ hasText: goodsName });
  await shelf.getByRole("button", { name: "Buy" }).click();
  const { order } = (await (await placed).json()) as { order: { orderId: string } };
  await page.getByText("CONFIRMED, UNPAID").waitFor();
  await page.getByRole("link", { name: "Pay" }).waitFor();
  return BigInt(order.orderId);
}

/** What the watch has shown, in its order. */
export function states(page: Page): Promise<string[]> {
  return page.locator("#states li").allTextContents();
}

/** What the page says, once it says something that this matches. */
export async function told(page: Page, pattern: RegExp): Promise<void> {
  await page.locator("#message").filter({ hasText: pattern }).waitFor();
}

/** The example's own client inside of the page, to call what the page has no button for. */
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
