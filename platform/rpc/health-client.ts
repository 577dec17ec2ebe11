import type { TlsSettings } from "#platform/settings/tls-settings.ts";
import { Outage } from "#platform/values/refusal.ts";
import {
  Health as HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "#proto/grpc/health/v1/health_pb.ts";
import { createClient } from "./clients.ts";
import { CAUSE_MARK } from "./health.ts";

/** UNREACHABLE: no answer in time, or a failure instead of an answer. */
type HealthState = "SERVING" | "NOT_SERVING" | "UNREACHABLE";

export type HealthReport = {
  state: HealthState;
  parts: Record<string, HealthState>;
  /** Why a part is not able to work: `{ database: "read_only" }`. */
  causes: Record<string, string>;
};

type HealthClient = {
  /** Checks the service as a whole, or the part with this name. It never rejects. */
  check(timeoutMs: number, part?: string): Promise<HealthState>;
  /** All of it in one call: the service, its parts by name, the causes by part. Never rejects. */
  read(timeoutMs: number): Promise<HealthReport>;
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
        return stateOf(status);
      } catch (error) {
        if (!(error instanceof Outage)) throw error;
        return "UNREACHABLE";
      }
    },
    async read(timeoutMs) {
      try {
        const { statuses } = await client.list({}, { deadlineMs: Date.now() + timeoutMs });
        return reportOf(Object.entries(statuses).map(([name, { status }]) => [name, status]));
      } catch (error) {
        if (!(error instanceof Outage)) throw error;
        return { state: "UNREACHABLE", parts: {}, causes: {} };
      }
    },
    close: client.close,
  };
}

function reportOf(statuses: [string, ServingStatus][]): HealthReport {
  const report: HealthReport = { state: "NOT_SERVING", parts: {}, causes: {} };
  for (const [name, status] of statuses) {
    const [part = "", cause] = name.split(CAUSE_MARK);
    if (cause !== undefined) report.causes[part] = cause;
    else if (name === "") report.state = stateOf(status);
    else report.parts[part] = stateOf(status);
  }
  return report;
}

function stateOf(status: ServingStatus): HealthState {
  return status === ServingStatus.SERVING ? "SERVING" : "NOT_SERVING";
}
