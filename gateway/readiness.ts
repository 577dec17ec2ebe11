import type { HttpAnswer } from "#platform/http/answer.ts";
import { BROKER_PART } from "#platform/rpc/health.ts";
import { createHealthClient } from "#platform/rpc/health-client.ts";
import type { TlsSettings } from "#platform/settings/tls-settings.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { READY_TIMEOUT_MS } from "./limits.ts";

export type Readiness = {
  /**
   * 200 if all services are SERVING, else 503. The body has the state of each service and of its
   * broker, and the cause of each part that is not able to work. The broker does not count: without
   * it, orders are still taken.
   */
  answer(): Promise<HttpAnswer>;
  close(): void;
};

/** Checks the services on each request. Concurrent requests share one round of checks. */
export function createReadiness(options: {
  addresses: Record<ServiceName, string>;
  tls: TlsSettings | undefined;
  stopping: AbortSignal;
}): Readiness {
  const clients = SERVICES.map((service) => ({
    service,
    client: createHealthClient({ address: options.addresses[service], tls: options.tls }),
  }));
  const check = async (): Promise<HttpAnswer> => {
    const states = await Promise.all(
      clients.map(async ({ service, client }) => {
        const { state, parts, causes } = await client.read(READY_TIMEOUT_MS);
        const broker = parts[BROKER_PART] ?? (state === "UNREACHABLE" ? state : "NOT_SERVING");
        return { service, state, broker, ...(Object.keys(causes).length > 0 && { causes }) };
      }),
    );
    const cause = options.stopping.aborted ? { cause: "stopping" } : undefined;
    const isReady = !options.stopping.aborted && states.every(({ state }) => state === "SERVING");
    const services = states.map(({ service, ...state }) => [service, state]);
    const body = { ready: isReady, ...cause, services: Object.fromEntries(services) };
    return {
      status: isReady ? 200 : 503,
      headers: { "content-type": "application/json" },
      body: `${JSON.stringify(body)}\n`,
    };
  };
  let round: Promise<HttpAnswer> | undefined;
  return {
    answer() {
      round ??= check().finally(() => {
        round = undefined;
      });
      return round;
    },
    close() {
      for (const { client } of clients) client.close();
    },
  };
}
