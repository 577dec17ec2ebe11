import { Client as Channel } from "@grpc/grpc-js";
import type { TlsSettings } from "#platform/settings/tls-settings.ts";
import { channelSecurity } from "./credentials.ts";

/** UNREACHABLE: no answer in time, or an answer that is none. */
export type HealthState = "SERVING" | "NOT_SERVING" | "UNREACHABLE";

export type HealthClient = {
  /** Of the service as a whole, or of the part with this name. */
  check(timeoutMs: number, part?: string): Promise<HealthState>;
  close(): void;
};

const METHOD = "/grpc.health.v1.Health/Check";
/** HealthCheckResponse with status = SERVING, as bytes: field 1, value 1 (grpc/health/v1/health.proto). */
const SERVING = Buffer.from([0x08, 0x01]);

/** Asks a service whether it serves (grpc.health.v1). */
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
    check: (timeoutMs, part = "") =>
      new Promise((resolve) => {
        const deadline = Date.now() + timeoutMs;
        const request = requestOf(part);
        channel.makeUnaryRequest(
          METHOD,
          identity,
          identity,
          request,
          { deadline },
          (error, answer) =>
            resolve(error ? "UNREACHABLE" : answer?.equals(SERVING) ? "SERVING" : "NOT_SERVING"),
        );
      }),
    close: () => channel.close(),
  };
}

/** HealthCheckRequest: string service = 1, of less than 128 bytes. */
function requestOf(part: string): Buffer {
  const name = Buffer.from(part);
  return name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
}

function identity(bytes: Buffer): Buffer {
  return bytes;
}
