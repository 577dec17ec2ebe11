import { createHash } from "node:crypto";
import type { HttpAnswer } from "#platform/http/answer.ts";
import { type Call, headerOf } from "./face.ts";
import { escaped } from "./html.ts";

const LANGUAGES = ["en", "zh"] as const;
type Language = (typeof LANGUAGES)[number];

/** What of a request decides the language of a page and where its links lead. */
export type Asked = Pick<Call, "path" | "query" | "headers">;

/** A text in each language. */
export type Texts<Key extends string> = Record<Language, Record<Key, string>>;

const STYLE = `
:root { color-scheme: light; font: 1rem/1.5 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; color: #1a1a1a; }
main { width: min(30rem, 100% - 2rem); margin: 1rem; padding: 1.5rem 2rem 2rem; background: #fff;
  border-radius: 0.75rem; }
h1 { margin: 0; font-size: 1.25rem; }
.note { margin: 0.25rem 0 1.25rem; font-size: 0.875rem; }
.amount { margin: 0 0 1rem; font-size: 2.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0.25rem 1rem; font-size: 0.875rem; }
dd { margin: 0; overflow-wrap: anywhere; text-align: right; }
label { display: block; margin: 0.75rem 0 0.25rem; font-size: 0.875rem; font-weight: 600; }
input { width: 100%; padding: 0.625rem; border: 1px solid #8a8a8a; border-radius: 0.375rem; font: inherit; }
button { width: 100%; margin-top: 1rem; padding: 0.75rem; border: 1px solid; border-radius: 0.5rem;
  font: inherit; font-weight: 600; cursor: pointer; }
button.plain { border-color: #767676; background: transparent; color: #1a1a1a; font-weight: 400; }
table { width: 100%; border-collapse: collapse; margin-top: 1rem; font-size: 0.8125rem; }
td { padding: 0.25rem 0; border-top: 1px solid #ddd; }
td + td { padding-left: 0.75rem; }
.qr { display: block; width: 14rem; margin: 0 auto 1rem; }
.qr svg { display: block; width: 100%; height: auto; }
nav { margin-top: 1.25rem; font-size: 0.8125rem; text-align: right; }
:focus-visible { outline: 3px solid #4b8ef0; outline-offset: 2px; }
`;

type Page = {
  status?: number;
  /** The request, whose query the link to the other language keeps. */
  call: Asked;
  language: Language;
  title: string;
  /** What makes the provider's page look different. */
  style: string;
  /** HTML. */
  body: string;
  /** Where the redirect after a form may lead. */
  returnUrl: string;
};

/** A page that works without scripts. */
export function pageAnswer({
  status = 200,
  call,
  language,
  title,
  style,
  body,
  returnUrl,
}: Page): HttpAnswer {
  const css = STYLE + style;
  const hash = createHash("sha256").update(css).digest("base64");
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${hash}'`,
    // Browsers apply form-action to the redirect that follows the form as well.
    `form-action 'self' ${URL.parse(returnUrl)?.origin ?? ""}`.trim(),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  const other = language === "en" ? "zh" : "en";
  const query = new URLSearchParams(call.query);
  query.set("lang", other);
  return {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy.join("; "),
      "referrer-policy": "no-referrer",
    },
    body: `<!doctype html>
<html lang="${language === "zh" ? "zh-CN" : "en"}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escaped(title)}</title>
<style>${css}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${body}
<nav><a href="${escaped(`${call.path}?${query}`)}" hreflang="${other}">${other === "zh" ? "中文" : "English"}</a></nav>
</main>
</body>
</html>
`,
  };
}

/** The language of ?lang=, else the first of Accept-Language that there is. */
export function languageOf(call: Asked, fallback: Language): Language {
  const asked = [call.query.get("lang") ?? "", ...headerOf(call, "accept-language").split(",")];
  for (const tag of asked) {
    const found = LANGUAGES.find((language) => tag.trim().toLowerCase().startsWith(language));
    if (found) return found;
  }
  return fallback;
}

/** The field by which a form that is sent with GET keeps the language that the shopper chose. */
export function languageField({ query }: Asked): string {
  const chosen = query.get("lang");
  return chosen === null ? "" : `<input type="hidden" name="lang" value="${escaped(chosen)}">`;
}

/** A list of names and values. */
export function definitions(entries: [string, string][]): string {
  const rows = entries.map(
    ([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`,
  );
  return `<dl>\n${rows.join("\n")}\n</dl>`;
}

/** Leads the browser to another page. */
export function redirect(location: string): HttpAnswer {
  return { status: 303, headers: { location } };
}
