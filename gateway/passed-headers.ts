import type { IncomingHttpHeaders } from "node:http";
import { MAX_HEADER_LENGTH, MAX_PASSED_HEADERS } from "./limits.ts";

/** Whatever a platform is called: these are for proxies and browsers, or speak of our own. */
const NEVER = /^(authorization|proxy-|cookie|set-|x-)/;

/**
 * What a payment platform may say in headers: the content type, and those that begin with its own name, such as
 * `sandbox-signature` and `wechatpay-nonce`. Nothing else gets in, so neither a token nor a cookie ever does.
 * undefined where there are too many, or one is too long.
 */
export function passedHeaders(
  provider: string,
  headers: IncomingHttpHeaders,
): Record<string, string> | undefined {
  const passed = Object.entries(headers).flatMap(([name, value]) => {
    const own = name.startsWith(`${provider}-`) && !NEVER.test(name);
    const wanted = name === "content-type" || own;
    return wanted && typeof value === "string" ? [[name, value] as const] : [];
  });
  if (passed.length > MAX_PASSED_HEADERS) return undefined;
  if (passed.some(([, value]) => value.length > MAX_HEADER_LENGTH)) return undefined;
  return Object.fromEntries(passed);
}
