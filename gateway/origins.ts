import type { IncomingMessage, ServerResponse } from "node:http";
import { cors as connectHeaders } from "@connectrpc/connect";
import cors from "cors";
import { authorityOf, HttpProblem } from "#platform/http/answer.ts";
import { isOnOrigin, type Origin } from "#platform/values/origins.ts";
import { PREFLIGHT_SECONDS } from "./limits.ts";
import { SESSION_HEADER } from "./sessions.ts";

/**
 * Lets pages of the allowed origins call, with cookies. Any other page's request is refused here, also the kinds that a
 * browser sends without asking first. Answers whether the request was a preflight, which is answered with it.
 */
export function createOriginCheck(
  allowed: readonly Origin[],
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const handle = cors({
    // What comes this far is allowed; the request's own origin is answered, never "*".
    origin: true,
    credentials: true,
    methods: ["POST"],
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
    const isOwn = url !== null && url.host === authorityOf(request)?.toLowerCase();
    if (!url || !(isOwn || isOnOrigin(url, allowed))) {
      throw new HttpProblem(403, "this origin may not call", { close: true });
    }
    let isPreflight = true;
    handle(request, response, () => {
      isPreflight = false;
    });
    return isPreflight;
  };
}
