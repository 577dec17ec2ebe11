import type { IncomingHttpHeaders } from "node:http";
import { CALLBACK_HEADERS } from "#proto/callbacks.ts";
import { MAX_HEADER_LENGTH } from "./limits.ts";

const BY_PROVIDER = new Map<string, readonly string[]>(Object.entries(CALLBACK_HEADERS));

/**
 * The headers of a callback that the pay service gets: the content type, and those that the
 * provider's callbacks are verified with. No other header, such as a token or a cookie, is passed
 * on. Undefined if one is too long.
 */
export function passedHeaders(
  provider: string,
  headers: IncomingHttpHeaders,
): Record<string, string> | undefined {
  const names = ["content-type", ...(BY_PROVIDER.get(provider) ?? [])];
  const passed = names.flatMap((name) => {
    const value = headers[name];
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  if (passed.some(([, value]) => value.length > MAX_HEADER_LENGTH)) return undefined;
  return Object.fromEntries(passed);
}
