/** A web origin of an allow list; the port "*" is any port of the host. */
export type Origin = { protocol: string; hostname: string; port: string };

/**
 * "https://shop.example", or "http://localhost:*" for any port of a host. Undefined where the text is no origin: a path,
 * a user or a query has no place in one, and a host is named in full.
 */
export function parseOrigin(text: string): Origin | undefined {
  const anyPort = text.endsWith(":*");
  const url = URL.parse(anyPort ? text.slice(0, -2) : text);
  if (!url || !isWeb(url) || url.pathname !== "/") return undefined;
  if (url.search !== "" || url.hash !== "" || url.hostname.includes("*")) return undefined;
  return { protocol: url.protocol, hostname: url.hostname, port: anyPort ? "*" : url.port };
}

/** Whether the address is on one of the origins; never one that names a user. */
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
