import type { IncomingMessage, ServerResponse } from "node:http";
import { type HttpAnswer, HttpProblem, methodNotAllowed, readBody } from "#platform/http/answer.ts";
import type { Client } from "#platform/rpc/clients.ts";
import type { Log } from "#platform/telemetry/log.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { PayService } from "#proto/shop/pay/v1/pay_pb.ts";
import type { CallbackPlaces } from "./callback-places.ts";
import { CALLBACK_TIMEOUT_MS, MAX_CALLBACK_BYTES } from "./limits.ts";
import { passedHeaders } from "./passed-headers.ts";

const CALLBACK_PATH = /^\/pay\/callback\/([a-z][a-z0-9]{0,31})$/;

export type CallbackRoute = {
  pay: Pick<Client<typeof PayService>, "handleCallback">;
  log: Log;
  places: CallbackPlaces;
};

type Callback = { provider: string; network: string; requestId: string };

/** The provider's name in the path of a callback. */
export function providerOf(path: string): string | undefined {
  return CALLBACK_PATH.exec(path)?.[1];
}

/**
 * Carries a provider's callback to the pay service, byte for byte, and the answer back. Any failure
 * on the way is answered with an error status, so that the provider sends the callback again.
 */
export async function carryCallback(
  callback: Callback,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  route: CallbackRoute,
): Promise<HttpAnswer> {
  const leave = await route.places.enter(callback);
  let genuine = false;
  try {
    const carried = await carry(callback, { request, response }, route);
    genuine = carried.genuine;
    return carried.answer;
  } finally {
    leave(genuine);
  }
}

async function carry(
  { provider, requestId }: Callback,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  { pay, log }: CallbackRoute,
): Promise<{ answer: HttpAnswer; genuine: boolean }> {
  if (request.method !== "POST") throw methodNotAllowed("POST");
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    throw new HttpProblem(415, "no content-encoding", { close: true });
  }
  const headers = passedHeaders(provider, request.headers);
  if (headers === undefined) throw new HttpProblem(431, "headers too large", { close: true });
  const body = await readBody(request, response, MAX_CALLBACK_BYTES);
  try {
    const deadlineMs = Date.now() + CALLBACK_TIMEOUT_MS;
    const answer = await pay.handleCallback({ provider, headers, body }, { deadlineMs, requestId });
    const { status, contentType, genuine } = answer;
    const type: Record<string, string> = contentType === "" ? {} : { "content-type": contentType };
    return { answer: { status, headers: type, body: answer.body }, genuine };
  } catch (error) {
    log.warn({ err: error, provider, requestId }, "a callback did not reach the pay service");
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
    default:
      return new HttpProblem(503, "try again later", { headers: { "retry-after": "1" } });
  }
}
