import type { HandlerContext } from "@connectrpc/connect";
import { isExactBase64 } from "./exact-json.ts";
import { malformed } from "./malformed.ts";

/** The query parameters of Connect's GET requests. */
const PARAMETERS = ["connect", "base64", "compression", "encoding", "message"];

/** The only value that `connect`, the version, and `base64` may have. */
const ONLY: Record<string, string> = { connect: "v1", base64: "1" };

/**
 * Refuses the query of a GET request that would be silently changed: Connect reads the first of
 * several equal parameters, replaces bytes that are not UTF-8, and takes a missing message as an
 * empty one. Other requests pass.
 */
export function checkQuery({ requestMethod, url }: HandlerContext): void {
  if (requestMethod !== "GET") return;
  const given = new Map<string, string>();
  for (const pair of new URL(url).search.slice(1).split("&")) {
    const [encodedName = "", ...rest] = pair.split("=");
    const name = decoded("request", encodedName);
    if (!PARAMETERS.includes(name)) continue;
    if (given.has(name)) throw malformed(name, "must be given once");
    given.set(name, decoded(name, rest.join("=")));
  }
  for (const [name, value] of Object.entries(ONLY)) {
    if ((given.get(name) ?? value) !== value) throw malformed(name, `must be ${value}`);
  }
  const message = given.get("message");
  if (message === undefined) throw malformed("message", "must be given");
  if (given.has("base64") && !isExactBase64(message)) throw malformed("message", "must be base64");
}

function decoded(name: string, text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw malformed(name, "must be percent-encoded UTF-8");
  }
}
