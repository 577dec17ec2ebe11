import { CommandError } from "../../ops/command/command.ts";

/** Where the shopper's browser arrives after a step, and the button that led there. */
type Step = { label: string; url: string };

type Form = { label: string; url: URL; method: string; fields: URLSearchParams };

const TIMEOUT_MS = 10_000;
/** Forms on the way from the first page to the payment: a scan or login, and the payment. */
const MAX_STEPS = 5;
const FORM = /<form([^>]*)>(.*?)<\/form>/gs;
const BUTTON = /<button class="pay">([^<]*)</;

/**
 * Pays as a browser does, from the first page of a simulated provider on: sends the form of each
 * page's main button with what is filled in, until there is none. Yields each step. The last one
 * may lead back to the shop.
 */
export async function* payInBrowser(first: Request): AsyncGenerator<Step> {
  const { origin } = new URL(first.url);
  let page = await visit(first);
  for (let step = 0; step < MAX_STEPS; step += 1) {
    if (new URL(page.url).origin !== origin) return;
    const form = formOf(page);
    if (form === undefined) {
      if (step > 0) return;
      throw new CommandError(`${first.url} has no button to pay`);
    }
    page = await visit(requestOf(form), origin);
    yield { label: form.label, url: page.url };
  }
  throw new CommandError(`${first.url} leads to no payment in ${MAX_STEPS} steps`);
}

type Page = { url: string; html: string };

/** Follows redirects within the provider; a page of another origin is not loaded. */
async function visit(request: Request, within = new URL(request.url).origin): Promise<Page> {
  const answer = await answerTo(request);
  const location = answer.headers.get("location");
  if (location !== null && [302, 303].includes(answer.status)) {
    await answer.body?.cancel();
    const next = new URL(location, request.url);
    if (next.origin !== within) return { url: next.href, html: "" };
    return visit(new Request(next), within);
  }
  const html = await answer.text();
  if (answer.ok) return { url: request.url, html };
  throw new CommandError(`the provider answered ${answer.status} at ${request.url}`);
}

async function answerTo(request: Request): Promise<Response> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const headers = { "accept-language": "en" };
  for (const [name, value] of Object.entries(headers)) request.headers.set(name, value);
  try {
    return await fetch(request, { redirect: "manual", signal });
  } catch (error) {
    throw new CommandError(`the provider does not answer at ${request.url}`, { cause: error });
  }
}

/** The form with the page's main button. */
function formOf({ url, html }: Page): Form | undefined {
  for (const [, attributes = "", content = ""] of html.matchAll(FORM)) {
    const label = BUTTON.exec(content)?.[1];
    if (label === undefined) continue;
    const inputs = [...content.matchAll(/<input([^>]*)>/g)].map(([, input = ""]) => input);
    const filled = inputs.map((input) => [attribute(input, "name"), attribute(input, "value")]);
    return {
      label: unescaped(label),
      url: new URL(attribute(attributes, "action") || url, url),
      method: attribute(attributes, "method").toUpperCase() || "GET",
      fields: new URLSearchParams(filled),
    };
  }
  return undefined;
}

function requestOf({ url, method, fields }: Form): Request {
  if (method === "POST") return new Request(url, { method, body: fields });
  const target = new URL(url);
  target.search = fields.toString();
  return new Request(target);
}

function attribute(text: string, name: string): string {
  return unescaped(new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(text)?.[1] ?? "");
}

function unescaped(text: string): string {
  const characters: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => characters[name] ?? "");
}
