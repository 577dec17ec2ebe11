import { CommandError } from "../../ops/command/command.ts";

const TIMEOUT_MS = 10_000;
const FORM = /<form method="post" action="([^"]+)">\s*<button[^>]*>(Pay [^<]+)</;

/**
 * Pays as a browser does: reads the checkout page and sends the form of its button. Resolves to the
 * label of the button and the address to which the provider sends the browser.
 */
export async function payInBrowser(checkoutUrl: string): Promise<{ label: string; next: string }> {
  const page = await request(checkoutUrl);
  const [, action, label] = FORM.exec(await page.text()) ?? [];
  if (!action || !label) throw new CommandError(`${checkoutUrl} has no button to pay`);
  const answer = await request(new URL(action, checkoutUrl).href, { method: "POST" });
  const next = answer.headers.get("location");
  if (answer.status !== 303 || !next) {
    throw new CommandError(`the provider answered ${answer.status} to the payment`);
  }
  return { label, next };
}

async function request(url: string, init: RequestInit = {}): Promise<Response> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(url, { ...init, redirect: "manual", signal });
  } catch (error) {
    throw new CommandError(`the provider does not answer at ${url}`, { cause: error });
  }
}
