import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type HttpAnswer, HttpProblem } from "#platform/http/answer.ts";

export type DocsRequest = {
  /** Without the query. */
  path: string;
  method?: string | undefined;
  /** The header of that name. */
  ifNoneMatch?: string | undefined;
};

type File = { headers: Record<string, string>; body: Buffer };

/** The page talks to this gateway alone, and no other page shows it in a frame. Swagger UI's icons are data: URLs. */
const PAGE_HEADERS = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
};

const HTML = { "content-type": "text/html; charset=utf-8", ...PAGE_HEADERS };
const CSS = { "content-type": "text/css; charset=utf-8" };
const SCRIPT = { "content-type": "text/javascript; charset=utf-8" };
const PNG = { "content-type": "image/png" };
const YAML = { "content-type": "application/yaml" };

/** Undefined for a path that is none of these. */
export type Docs = (request: DocsRequest) => HttpAnswer | undefined;

/**
 * The OpenAPI description of the JSON interface, and the page to try it. All that there is to serve is read here, so
 * no path of a request reaches the file system.
 */
export function readDocs(): Docs {
  const page = read(import.meta.resolve("./docs/page.html"), HTML);
  const files = new Map<string, File>([
    ["/openapi.yaml", read(import.meta.resolve("./openapi.yaml"), YAML)],
    ["/docs", page],
    ["/docs/", page],
    ["/docs/page.js", read(import.meta.resolve("./docs/page.js"), SCRIPT)],
    ["/docs/swagger-ui.css", read(import.meta.resolve("swagger-ui-dist/swagger-ui.css"), CSS)],
    [
      "/docs/swagger-ui-bundle.js",
      read(import.meta.resolve("swagger-ui-dist/swagger-ui-bundle.js"), SCRIPT),
    ],
    [
      "/docs/favicon-32x32.png",
      read(import.meta.resolve("swagger-ui-dist/favicon-32x32.png"), PNG),
    ],
  ]);
  return ({ path, method = "GET", ifNoneMatch }) => {
    const file = files.get(path);
    if (!file) return undefined;
    if (method !== "GET" && method !== "HEAD") {
      const headers = { allow: "GET, HEAD" };
      return new HttpProblem(405, "GET only", { close: true, headers }).answer;
    }
    const isKnown = ifNoneMatch !== undefined && matches(ifNoneMatch, file.headers.etag);
    return isKnown
      ? { status: 304, headers: file.headers }
      : { status: 200, headers: file.headers, body: file.body };
  };
}

function read(url: string, headers: Record<string, string>): File {
  const body = readFileSync(new URL(url));
  const etag = `"${createHash("sha256").update(body).digest("base64url")}"`;
  // Kept, but asked for each time: the next release has another one under the same name.
  const caching = { etag, "cache-control": "no-cache", "x-content-type-options": "nosniff" };
  return { headers: { ...headers, ...caching }, body };
}

/** If-None-Match, which may list several, and weak ones. */
function matches(header: string, etag: string | undefined): boolean {
  const listed = header.split(",").map((one) => one.trim().replace(/^W\//, ""));
  return listed.some((one) => one === "*" || one === etag);
}
