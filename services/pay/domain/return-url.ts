import { isOnOrigin, type Origin } from "#platform/values/origins.ts";

/**
 * The address in its normal form, where it is on one of the origins, else undefined: nobody is sent to a place that the
 * shop did not choose. Only printable ASCII without backslashes, because parsers disagree about the rest.
 */
export function allowedReturnUrl(text: string, origins: readonly Origin[]): string | undefined {
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(text)) return undefined;
  const url = URL.parse(text);
  return url && isOnOrigin(url, origins) ? url.href : undefined;
}
