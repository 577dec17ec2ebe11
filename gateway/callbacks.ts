import type { IncomingMessage, ServerResponse } from "node:http";
import { type HttpAnswer, HttpProblem, readBody } from "#platform/http/answer.ts";
import type { Client } from "#platform/rpc/clients.ts";
import type { Gate } from "#platform/rpc/server-call.ts";
import type { Log } from "#platform/telemetry/log.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { PayService } from "#proto/shop/pay/v1/pay_pb.ts";
import { CALLBACK_TIMEOUT_MS, MAX_CALLBACK_BYTES } from "./limits.ts";
import { passedHeaders } from "./passed-headers.ts";

const CALLBACK_PATH = /^\/pay\/callback\/([a-z][a-z0-9]{0,31})$/;

export type CallbackDoor = {
  pay: Pick<Client<typeof PayService>, "handleCallback">;
  log: Log;
  /** Callbacks under way. */
  places: Gate;
};

/** The provider's name in the path of a callback. */
export function providerOf(path: string): string | undefined {
  return CALLBACK_PATH.exec(path)?.[1];
}

/**
 * Carries a platform's callback to the pay service, byte for byte, and its answer back. Whatever goes wrong on the way
 * is answered with an error status, so that the platform calls again.
 */
export async function carryCallback(
  provider: string,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  door: CallbackDoor,
): Promise<HttpAnswer> {
  if (!door.places.enter()) {
    throw new HttpProblem(503, "busy", { close: true, headers: { "retry-after": "1" } });
  }
  try {
    return await carry(provider, { request, response }, door);
  } finally {
    door.places.leave();
  }
}

async function carry(
  provider: string,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  { pay, log }: CallbackDoor,
): Promise<HttpAnswer> {
  if (request.method !== "POST") {
    throw new HttpProblem(405, "POST only", { close: true, headers: { allow: "POST" } });
  }
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    throw new HttpProblem(415, "no content-encoding", { close: true });
  }
  const headers = passedHeaders(provider, request.headers);
  if (headers === undefined) throw new HttpProblem(431, "headers too large", { close: true });
  const body = await readBody(request, response, MAX_CALLBACK_BYTES);
  try {
    const deadlineMs = Date.now() + CALLBACK_TIMEOUT_MS;
    const answer = await pay.handleCallback({ provider, headers, body }, { deadlineMs });
    return {
      status: answer.status,
      headers: answer.contentType === "" ? {} : { "content-type": answer.contentType },
      body: answer.body,
    };
  } catch (error) {
    log.warn({ err: error, provider }, "a callback could not be handed on");
    throw problemOf(error);
  }
}

function problemOf(error: unknown): HttpProblem {
  if (!(error instanceof Refusal)) return new HttpProblem(503, "try again later");
  switch (error.reason) {
    case Reason.PROVIDER_NOT_FOUND:
      return new HttpProblem(404, "no such provider");
    case Reason.INVALID_ARGUMENT:
      return new HttpProblem(400, "refused");
    case Reason.CALLBACK_SIGNATURE_INVALID:
      return new HttpProblem(401, "refused");
    default:
      return new HttpProblem(503, "try again later", { headers: { "retry-after": "1" } });
  }
}
