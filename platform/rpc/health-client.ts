import { Client as Channel } from "@grpc/grpc-js";
import type { TlsSettings } from "#platform/process/tls-settings.ts";
import { channelSecurity } from "./credentials.ts";

/** UNREACHABLE: no answer in time, or an answer that is none. */
export type HealthState = "SERVING" | "NOT_SERVING" | "UNREACHABLE";

export type HealthClient = { check(timeoutMs: number): Promise<HealthState>; close(): void };

const METHOD = "/grpc.health.v1.Health/Check";
/** HealthCheckResponse with status = SERVING, as bytes: field 1, value 1 (grpc/health/v1/health.proto). */
const SERVING = Buffer.from([0x08, 0x01]);

/** Asks a service as a whole whether it serves (grpc.health.v1). */
export function createHealthClient(options: {
  address: string;
  tls: TlsSettings | undefined;
}): HealthClient {
  const security = channelSecurity(options.tls, options.address);
  const channel = new Channel(options.address, security.credentials, {
    ...security.options,
    "grpc.max_reconnect_backoff_ms": 2_000,
    "grpc.enable_channelz": 0,
    "grpc.enable_http_proxy": 0,
  });
  return {
    check: (timeoutMs) =>
      new Promise((resolve) => {
        const deadline = Date.now() + timeoutMs;
        const empty = Buffer.alloc(0);
        channel.makeUnaryRequest(METHOD, identity, identity, empty, { deadline }, (error, answer) =>
          resolve(error ? "UNREACHABLE" : answer?.equals(SERVING) ? "SERVING" : "NOT_SERVING"),
        );
      }),
    close: () => channel.close(),
  };
}

function identity(bytes: Buffer): Buffer {
  return bytes;
}
