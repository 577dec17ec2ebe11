import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { eventually } from "../../../testbed/eventually.ts";

type Target = { url: string; orderId?: bigint };
/** A request on the network and the status of its response, which the page itself cannot read. */
type SentRequest = { url: string; cookie: string; status: number };

/** Content types that need no preflight; application/json would. */
const SIMPLE_TYPES = ["text/plain", "application/x-www-form-urlencoded"];

/**
 * Sends every kind of cross-origin request that needs no preflight: fetch without CORS, a beacon
 * and a form. Four requests to each target.
 */
export async function attack(page: Page, targets: Target[]): Promise<SentRequest[]> {
  const urls = targets.map(({ url }) => url);
  const requests = await recordRequests(page, urls);
  for (const { url, orderId } of targets) {
    // A text/plain form sends `name=value`. An extra field turns that "=" into part of valid JSON.
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
    const answered = requests();
    assert.equal(answered.length, targets.length * (SIMPLE_TYPES.length + 2));
    return answered;
  });
}

/** Runs in the page, which cannot read the responses. */
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

/**
 * Records the answered POST requests to these addresses. The browser reports each request in three
 * events, in any order.
 */
async function recordRequests(page: Page, urls: string[]): Promise<() => SentRequest[]> {
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
