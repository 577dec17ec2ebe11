import type { IncomingHttpHeaders } from "node:http";
import { MAX_HEADER_LENGTH, MAX_PASSED_HEADERS } from "./limits.ts";

/**
 * Headers that are not passed on for any provider name: of browsers, proxies, and internal ones.
 */
const NEVER = /^(authorization|proxy-|cookie|set-|x-)/;

/**
 * The headers of a callback that the pay service gets: the content type, and those that begin with
 * the provider's name, such as `sandbox-signature` and `wechatpay-nonce`. No other header, such as
 * a token or a cookie, is passed on. Undefined if there are too many, or if one is too long.
 */
export function passedHeaders(
  provider: string,
  headers: IncomingHttpHeaders,
): Record<string, string> | undefined {
  const passed = Object.entries(headers).flatMap(([name, value]) => {
    const isProviders = name.startsWith(`${provider}-`) && !NEVER.test(name);
    const isPassed = name === "content-type" || isProviders;
    return isPassed && typeof value === "string" ? [[name, value] as const] : [];
  });
  if (passed.length > MAX_PASSED_HEADERS) return undefined;
  if (passed.some(([, value]) => value.length > MAX_HEADER_LENGTH)) return undefined;
  return Object.fromEntries(passed);
}
