/** The checkout page is not what it was expected to be. */
export class CheckoutTrouble extends Error {}

const TIMEOUT_MS = 10_000;
const FORM = /<form method="post" action="([^"]+)">\s*<button[^>]*>(Pay [^<]+)</;

/**
 * Pays as a browser does: reads the page, sends the form of its button, and gets to know where to go on. Resolves to the
 * button's label and that address.
 */
export async function payInBrowser(checkoutUrl: string): Promise<{ label: string; next: string }> {
  const page = await ask(checkoutUrl);
  const [, action, label] = FORM.exec(await page.text()) ?? [];
  if (!action || !label) throw new CheckoutTrouble(`there is nothing to pay at ${checkoutUrl}`);
  const answer = await ask(new URL(action, checkoutUrl).href, { method: "POST" });
  const next = answer.headers.get("location");
  if (answer.status !== 303 || !next) {
    throw new CheckoutTrouble(`the platform answered ${answer.status} to the payment`);
  }
  return { label, next };
}

async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(url, { ...init, redirect: "manual", signal });
  } catch (error) {
    throw new CheckoutTrouble(`the platform does not answer at ${url}`, { cause: error });
  }
}
