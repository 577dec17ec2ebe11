/** A web origin in an allow list. The port "*" allows every port of the host. */
export type Origin = { protocol: string; hostname: string; port: string };

/**
 * Parses "https://shop.example", or "http://localhost:*" for every port of the host. Undefined for
 * anything else: an origin has no path, user or query, and its host has no wildcard.
 */
export function parseOrigin(text: string): Origin | undefined {
  const anyPort = text.endsWith(":*");
  const url = URL.parse(anyPort ? text.slice(0, -2) : text);
  if (!url || !isWeb(url) || url.pathname !== "/") return undefined;
  if (url.search !== "" || url.hash !== "" || url.hostname.includes("*")) return undefined;
  return { protocol: url.protocol, hostname: url.hostname, port: anyPort ? "*" : url.port };
}

/** Whether the URL is on one of the origins. A URL with a user or password never is. */
export function isOnOrigin(url: URL, origins: readonly Origin[]): boolean {
  return (
    isWeb(url) &&
    origins.some(
      ({ protocol, hostname, port }) =>
        protocol === url.protocol &&
        hostname === url.hostname &&
        (port === "*" || port === url.port),
    )
  );
}

function isWeb({ protocol, username, password }: URL): boolean {
  return (protocol === "http:" || protocol === "https:") && username === "" && password === "";
}
