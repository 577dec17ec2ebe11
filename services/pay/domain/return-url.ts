/** Where browsers may be sent back to: an origin, or "http://localhost:*" for any port of a host. */
export type ReturnOrigin = { protocol: string; hostname: string; port: string };

/** Undefined where the text is no origin: a path, a user or a query has no place in one. */
export function parseOrigin(text: string): ReturnOrigin | undefined {
  const anyPort = text.endsWith(":*");
  const url = URL.parse(anyPort ? text.slice(0, -2) : text);
  if (!url || !isWeb(url) || hasUser(url) || url.pathname !== "/") return undefined;
  if (url.search !== "" || url.hash !== "") return undefined;
  return { protocol: url.protocol, hostname: url.hostname, port: anyPort ? "*" : url.port };
}

/**
 * The address in its normal form, where it is on one of the origins, else undefined: nobody is sent to a place that the
 * shop did not choose. Only printable ASCII without backslashes, because parsers disagree about the rest.
 */
export function allowedReturnUrl(
  text: string,
  origins: readonly ReturnOrigin[],
): string | undefined {
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(text)) return undefined;
  const url = URL.parse(text);
  if (!url || !isWeb(url) || hasUser(url)) return undefined;
  const isAllowed = origins.some(
    ({ protocol, hostname, port }) =>
      protocol === url.protocol && hostname === url.hostname && (port === "*" || port === url.port),
  );
  return isAllowed ? url.href : undefined;
}

function isWeb({ protocol }: URL): boolean {
  return protocol === "http:" || protocol === "https:";
}

function hasUser({ username, password }: URL): boolean {
  return username !== "" || password !== "";
}
