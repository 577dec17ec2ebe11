import type { HttpAnswer } from "#platform/http/answer.ts";
import { alphanumeric } from "../base/ids.ts";

type ErrorBody = { type: string; code?: string; message: string; param?: string };

/**
 * An error of the API. `executed`: it comes from the execution, so that it is replayed under the
 * same idempotency key; errors of validation are not.
 */
export class StripeError extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  readonly executed: boolean;

  constructor(status: number, body: ErrorBody, executed = false) {
    super(body.message);
    this.name = "StripeError";
    this.status = status;
    this.body = body;
    this.executed = executed;
  }
}

export function invalid(code: string, message: string, param?: string): StripeError {
  return new StripeError(400, { type: "invalid_request_error", code, message, param });
}

/** A request that is well formed and that the state of its object does not allow. */
export function refused(code: string, message: string): StripeError {
  return new StripeError(400, { type: "invalid_request_error", code, message }, true);
}

export function missing(kind: string, id: string): StripeError {
  const message = `No such ${kind}: '${id}'`;
  const code = "resource_missing";
  return new StripeError(404, { type: "invalid_request_error", code, message, param: "id" }, true);
}

export function errorAnswer({ status, body }: StripeError): HttpAnswer {
  return jsonAnswer(status, JSON.stringify({ error: body }));
}

export function jsonAnswer(
  status: number,
  body: string,
  headers: Record<string, string> = {},
): HttpAnswer {
  return {
    status,
    headers: {
      "content-type": "application/json",
      "request-id": `req_${alphanumeric(14)}`,
      ...headers,
    },
    body,
  };
}
