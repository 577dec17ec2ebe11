import { isOnOrigin, type Origin } from "#platform/values/origins.ts";

/**
 * The address in normal form if it is on one of the origins, else undefined: the shop sends
 * browsers only to places that its operator chose. Accepts printable ASCII without backslashes,
 * because URL parsers disagree about everything else.
 */
export function allowedReturnUrl(text: string, origins: readonly Origin[]): string | undefined {
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(text)) return undefined;
  const url = URL.parse(text);
  return url && isOnOrigin(url, origins) ? url.href : undefined;
}
