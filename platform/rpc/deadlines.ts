import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { type Server, status } from "@grpc/grpc-js";

const TIMEOUT_HEADER = "grpc-timeout";
/** At most 8 digits and a unit (gRPC over HTTP/2). */
const TIMEOUT = /^(\d{1,8})([HMSmun])$/;
const UNIT_MS: Record<string, number> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

export type DeadlineRule = { defaultMs: number; maxMs: number };

type StreamHandler = (
  interceptors: unknown,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
) => void;

/**
 * Gives every call a deadline within its bounds, before grpc-js reads the grpc-timeout header.
 * grpc-js then enforces it: it answers DEADLINE_EXCEEDED and cancels the call. On its own, grpc-js
 * has neither a default nor a maximum, and it computes the time in 32 bits (server-interceptors.ts
 * of 1.14.7), so that 99999999H wraps around, even to a negative number.
 *
 * grpc-js has no public hook for the headers of a new stream. This wraps its private handler, and
 * throws if the installed version has no such handler. Call it before the server is bound.
 */
export function boundDeadlines(server: Server, ruleOf: (path: string) => DeadlineRule): void {
  const internals = server as unknown as { _streamHandler?: StreamHandler };
  const inner = internals._streamHandler;
  if (typeof inner !== "function") {
    throw new Error("this version of @grpc/grpc-js has no _streamHandler; deadlines need it");
  }
  internals._streamHandler = (interceptors, stream, headers) => {
    const timeout = boundedTimeout(headers[TIMEOUT_HEADER], ruleOf(headers[":path"] ?? ""));
    if (timeout === undefined) {
      refuseTimeout(stream);
      return;
    }
    headers[TIMEOUT_HEADER] = timeout;
    inner.call(server, interceptors, stream, headers);
  };
}

/** The header to use instead. Undefined for a malformed one. */
export function boundedTimeout(
  header: string | string[] | undefined,
  rule: DeadlineRule,
): string | undefined {
  if (header === undefined) return `${rule.defaultMs}m`;
  const match = typeof header === "string" ? TIMEOUT.exec(header) : null;
  if (!match) return undefined;
  const timeoutMs = Number(match[1]) * (UNIT_MS[match[2] ?? ""] ?? 0);
  return `${Math.min(Math.ceil(timeoutMs), rule.maxMs)}m`;
}

function refuseTimeout(stream: ServerHttp2Stream): void {
  stream.on("error", () => {});
  stream.respond(
    {
      ":status": 200,
      "content-type": "application/grpc+proto",
      "grpc-status": status.INVALID_ARGUMENT,
      "grpc-message": "grpc-timeout must be at most 8 digits and a unit",
    },
    { endStream: true },
  );
}
