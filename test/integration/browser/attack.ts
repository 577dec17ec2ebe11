import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { eventually } from "../../../testbed/eventually.ts";

export type Target = { url: string; orderId?: bigint };
/** A request as it left the browser, and how it was answered, whatever the page was told of it. */
export type Heard = { url: string; cookie: string; status: number };

/** What needs no question beforehand; the browser would ask before it sends application/json. */
const SIMPLE_TYPES = ["text/plain", "application/x-www-form-urlencoded"];

/**
 * Sends all that a page can send to another origin without asking it first: fetch without CORS, a beacon and a form.
 * Four requests to each target.
 */
export async function attack(page: Page, targets: Target[]): Promise<Heard[]> {
  const urls = targets.map(({ url }) => url);
  const heard = await listen(page, urls);
  for (const { url, orderId } of targets) {
    // The text of a form is `name=value`; this one is JSON with a field more that has "=" in it.
    const fields = orderId === undefined ? "" : `"orderId":"${orderId}"`;
    const name = `{${fields}${fields && ","}"x":"`;
    await page.evaluate(postWithoutCors, { url, body: `{${fields}}`, types: SIMPLE_TYPES });
    const form = `<form method="post" enctype="text/plain" action="${url}"><input></form>`;
    const here = page.url();
    await page.evaluate(
      `document.body.innerHTML = ${JSON.stringify(form)};
       Object.assign(document.querySelector("input"), { name: ${JSON.stringify(name)}, value: '"}' });
       document.forms[0].submit();`,
    );
    await page.waitForURL(url);
    await page.goto(here);
  }
  return eventually(() => {
    const answered = heard();
    assert.equal(answered.length, targets.length * (SIMPLE_TYPES.length + 2));
    return answered;
  });
}

/** Runs in the page. The answers are kept from it; the requests are sent. */
async function postWithoutCors(target: {
  url: string;
  body: string;
  types: string[];
}): Promise<void> {
  const { url, body, types } = target;
  for (const type of types) {
    const headers = { "content-type": type };
    const request = { method: "POST", mode: "no-cors", credentials: "include", headers, body };
    await fetch(url, request as RequestInit).catch(() => {});
  }
  (navigator as unknown as { sendBeacon(url: string, body: string): void }).sendBeacon(url, body);
}

/** What goes to these addresses; the browser tells of a request in three parts, in whatever order. */
async function listen(page: Page, urls: string[]): Promise<() => Heard[]> {
  const addressed = new Map<string, string>();
  const cookies = new Map<string, string>();
  const statuses = new Map<string, number>();
  const network = await page.context().newCDPSession(page);
  network.on("Network.requestWillBeSent", ({ requestId, request }) => {
    if (request.method === "POST") addressed.set(requestId, request.url);
  });
  network.on("Network.requestWillBeSentExtraInfo", ({ requestId, headers }) => {
    cookies.set(requestId, headers.Cookie ?? headers.cookie ?? "");
  });
  network.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode }) => {
    statuses.set(requestId, statusCode);
  });
  await network.send("Network.enable");
  return () =>
    [...addressed].flatMap(([id, url]) => {
      const [cookie, status] = [cookies.get(id), statuses.get(id)];
      if (!urls.includes(url) || cookie === undefined || status === undefined) return [];
      return [{ url, cookie, status }];
    });
}
