import { SERVICES, type ServiceName } from "#proto/services.ts";

const CONNECT_TIMEOUT_MS = 5_000;

/** How a command connects to MySQL: times in UTC, and no longer wait than a person accepts. */
export function connectionOptions(url: string) {
  return { uri: url, connectTimeout: CONNECT_TIMEOUT_MS, timezone: "Z", charset: "utf8mb4" };
}

/** The schema of each service. */
export function schemasOf(namespace: string): Record<ServiceName, string> {
  return Object.fromEntries(
    SERVICES.map((service) => [service, `${namespace}_${service}`]),
  ) as Record<ServiceName, string>;
}
