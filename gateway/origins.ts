import type { IncomingMessage, ServerResponse } from "node:http";
import { cors as connectHeaders } from "@connectrpc/connect";
import cors from "cors";
import { authorityOf, HttpProblem, isToAddress } from "#platform/http/answer.ts";
import { isOnOrigin, type Origin } from "#platform/values/origins.ts";
import { PREFLIGHT_SECONDS } from "./limits.ts";
import { SESSION_HEADER } from "./sessions.ts";

/**
 * Whether the page comes from this gateway, as its page at /docs does. Only an address or localhost
 * proves that: for any other name, Origin and Host are the same by DNS rebinding as well. The
 * gateway's own names are allowed origins.
 */
function isOwn({ host }: URL, request: IncomingMessage): boolean {
  return isToAddress(request) && host === authorityOf(request)?.toLowerCase();
}

/**
 * Allows requests from pages of the allowed origins, with cookies, and from clients that send no
 * Origin. Any other page's request throws 403, also one that browsers send without a preflight.
 * Returns true for a preflight request, which it has answered.
 */
export function createOriginCheck(
  allowed: readonly Origin[],
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const handle = cors({
    // Only allowed origins come this far. The answer names the request's own origin, never "*".
    origin: true,
    credentials: true,
    methods: ["POST", "GET"],
    allowedHeaders: [
      ...connectHeaders.allowedHeaders,
      "Authorization",
      "Traceparent",
      "X-Request-Id",
      SESSION_HEADER,
    ],
    exposedHeaders: [...connectHeaders.exposedHeaders, "Retry-After", "X-Request-Id"],
    maxAge: PREFLIGHT_SECONDS,
  });
  return (request, response) => {
    const { origin } = request.headers;
    if (origin === undefined) {
      response.setHeader("vary", "Origin");
      return false;
    }
    const url = URL.parse(origin);
    if (!url || !(isOwn(url, request) || isOnOrigin(url, allowed))) {
      throw new HttpProblem(403, "this origin may not call", { close: true });
    }
    let isPreflight = true;
    handle(request, response, () => {
      isPreflight = false;
    });
    return isPreflight;
  };
}
