import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type HttpAnswer, methodNotAllowed } from "#platform/http/answer.ts";

type DocsRequest = {
  /** Without the query. */
  path: string;
  method?: string | undefined;
  /** The If-None-Match header. */
  ifNoneMatch?: string | undefined;
};
type File = { headers: Record<string, string>; body: Buffer };

/**
 * The page loads from and calls this gateway alone, and no other page may show it in a frame.
 * Swagger UI's icons are data: URLs. It replaces the policy that routes.ts sets for answers.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HTML = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": PAGE_POLICY,
};
const CSS = { "content-type": "text/css; charset=utf-8" };
const SCRIPT = { "content-type": "text/javascript; charset=utf-8" };
const PNG = { "content-type": "image/png" };
const YAML = { "content-type": "application/yaml" };

/** Undefined for any other path. */
export type Docs = (request: DocsRequest) => HttpAnswer | undefined;

/**
 * The OpenAPI description of the JSON interface, and the page to try it. It reads all files once at
 * the start, so the path of a request never reaches the file system.
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
    if (method !== "GET" && method !== "HEAD") return methodNotAllowed("GET", "HEAD").answer;
    const isCurrent = ifNoneMatch !== undefined && matchesTag(ifNoneMatch, file.headers.etag);
    return isCurrent
      ? { status: 304, headers: file.headers }
      : { status: 200, headers: file.headers, body: file.body };
  };
}

function read(url: string, headers: Record<string, string>): File {
  const body = readFileSync(new URL(url));
  const etag = `"${createHash("sha256").update(body).digest("base64url")}"`;
  // Browsers keep the file but revalidate it, because the next release changes it under this name.
  return { headers: { ...headers, etag, "cache-control": "no-cache" }, body };
}

/** Whether an If-None-Match header, a list that may have weak tags, names the tag. */
export function matchesTag(header: string, etag: string | undefined): boolean {
  const listed = header.split(",").map((one) => one.trim().replace(/^W\//, ""));
  return listed.some((one) => one === "*" || one === etag);
}
