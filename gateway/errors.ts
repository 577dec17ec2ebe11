import { randomUUID } from "node:crypto";
import { Code, ConnectError } from "@connectrpc/connect";
import { isServiceError, statusOfRefusal } from "#platform/rpc/errors.ts";
import { detailsOf } from "#platform/rpc/status-details.ts";
import type { Log } from "#platform/telemetry/log.ts";
import { Outage, Refusal } from "#platform/values/refusal.ts";

/** The texts for a failure without a Reason. The service's own text may name hosts and ports. */
const TEXTS: Partial<Record<Code, string>> = {
  [Code.Canceled]: "the call was cancelled",
  [Code.DeadlineExceeded]: "the deadline has passed",
  [Code.Unimplemented]: "not implemented",
  [Code.ResourceExhausted]: "too much at once, or too large",
  [Code.Unavailable]: "something that is needed did not answer; try again",
};

/** The text with which a service answers INTERNAL. Its log describes the error under this id. */
const INTERNAL_TEXT = /^internal error [0-9a-f-]{36}$/;

/** The error as the service itself answers it: the same status, text and details. */
export function connectErrorOf(error: unknown, log: Log): ConnectError {
  if (error instanceof ConnectError) return error;
  if (error instanceof Refusal) return refused(error);
  // The client left, so this answer has no reader. It is not a failure of the gateway.
  if (error instanceof Error && error.name === "AbortError") {
    return new ConnectError("the call was cancelled", Code.Canceled);
  }
  const cause = error instanceof Outage ? error.cause : undefined;
  if (isServiceError(cause)) {
    // gRPC and Connect use the same numbers for their codes.
    const code = cause.code as number as Code;
    if (code === Code.Internal && INTERNAL_TEXT.test(cause.details)) {
      return new ConnectError(cause.details, code);
    }
    const text = TEXTS[code];
    if (text !== undefined) return new ConnectError(text, code);
  }
  const errorId = randomUUID();
  log.error({ err: error, errorId }, "answered INTERNAL");
  return new ConnectError(`internal error ${errorId}`, Code.Internal);
}

/**
 * A refusal, with headers such as retry-after. In a protocol without headers left, they are
 * trailers.
 */
export function refused(refusal: Refusal, headers: Record<string, string> = {}): ConnectError {
  const { code, details } = statusOfRefusal(refusal);
  return new ConnectError(details, code as number as Code, headers, detailsOf(refusal));
}
