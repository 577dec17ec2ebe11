import type { TlsSettings } from "#platform/settings/tls-settings.ts";
import { Outage } from "#platform/values/refusal.ts";
import {
  Health as HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "#proto/grpc/health/v1/health_pb.ts";
import { createClient } from "./clients.ts";

/** UNREACHABLE: no answer in time, or a failure instead of an answer. */
type HealthState = "SERVING" | "NOT_SERVING" | "UNREACHABLE";

type HealthClient = {
  /** Checks the service as a whole, or the part with this name. It never rejects. */
  check(timeoutMs: number, part?: string): Promise<HealthState>;
  close(): void;
};

/** A client of grpc.health.v1. It keeps its connection until it is closed. */
export function createHealthClient(options: {
  address: string;
  tls: TlsSettings | undefined;
  verifyServerName?: boolean;
}): HealthClient {
  const client = createClient(HealthService, { ...options, timeoutMs: Number.POSITIVE_INFINITY });
  return {
    async check(timeoutMs, part = "") {
      const deadlineMs = Date.now() + timeoutMs;
      try {
        const { status } = await client.check({ service: part }, { deadlineMs });
        return status === ServingStatus.SERVING ? "SERVING" : "NOT_SERVING";
      } catch (error) {
        if (!(error instanceof Outage)) throw error;
        return "UNREACHABLE";
      }
    },
    close: client.close,
  };
}
