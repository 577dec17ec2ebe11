import { create, type DescMethod, type DescService, type Message } from "@bufbuild/protobuf";
import type { ConnectRouter, HandlerContext, MethodImpl } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import type { CallOptions } from "#platform/rpc/clients.ts";
import type { Log } from "#platform/telemetry/log.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { UserService } from "#proto/shop/user/v1/user_pb.ts";
import { connectErrorOf } from "./errors.ts";
import { exactJsonOf } from "./exact-json.ts";
import { CALL } from "./gateway-call.ts";
import { IDENTITY } from "./identity.ts";
import { DEFAULT_DEADLINE_MS, MAX_STREAM_MS, MIN_UNPACKED_BYTES } from "./limits.ts";
import { jsonOptionsOf, STREAM_OPTIONS } from "./protocols.ts";
import { isPublic, PUBLIC_SERVICES } from "./public-services.ts";
import { COMPRESSIONS } from "./request-body.ts";
import { requestBoundsOf } from "./request-bounds.ts";
import { fillFromCookies, hasNoSession, keepInCookies } from "./sessions.ts";

/** A client of platform/rpc for any service, by the names of its methods. */
export type AnyClient = Record<
  string,
  (request: Message, options: CallOptions) => Promise<Message> & AsyncIterable<Message>
>;

type Forwarding = {
  clients: Record<ServiceName, AnyClient>;
  /** Whether cookies are sent over https only. */
  secureCookies: boolean;
  log: Log;
};

/**
 * Connect itself unpacks only the messages of GET requests: request-body.ts unpacks the others. A
 * URL has at most 6 KiB of them.
 */
const QUERY_COMPRESSIONS = COMPRESSIONS.map(
  (compression): Compression => ({
    ...compression,
    decompress: (bytes, maxBytes) =>
      compression.decompress(bytes, Math.min(maxBytes, MIN_UNPACKED_BYTES)),
  }),
);

/**
 * Routes every public method to its service. It works on descriptors: a new rpc needs no change
 * here.
 */
export function forwardAll(router: ConnectRouter, forwarding: Forwarding): void {
  for (const name of SERVICES) {
    const service: DescService = PUBLIC_SERVICES[name];
    for (const method of service.methods.filter(isPublic)) {
      const call = forwarding.clients[name][method.localName];
      if (!call)
        throw new Error(
          `${method.toString()} streams requests, which the gateway does not support`,
        );
      const isStream = method.methodKind === "server_streaming";
      const implementation = isStream
        ? forwardStream(call, forwarding)
        : forwardUnary(method, call, forwarding);
      const { bytes, values } = requestBoundsOf(method);
      const jsonOptions = jsonOptionsOf(exactJsonOf(method.input, values));
      const options = {
        ...(isStream && STREAM_OPTIONS),
        jsonOptions,
        readMaxBytes: bytes,
        acceptCompression: QUERY_COMPRESSIONS,
      };
      router.rpc(method, implementation as MethodImpl<DescMethod> as never, options);
    }
  }
}

/**
 * A unary call is not cancelled when its client leaves, because it may have taken effect already.
 * It ends at its deadline.
 */
function forwardUnary(
  method: DescMethod,
  call: AnyClient[string],
  { secureCookies, log }: Forwarding,
) {
  return async (request: Message, context: HandlerContext): Promise<Message> => {
    try {
      fillFromCookies(method, request, context, secureCookies);
      const answer = hasNoSession(method, request, context.requestHeader)
        ? create(method.output)
        : await call(request, callOptions(context, DEFAULT_DEADLINE_MS));
      keepInCookies(method, answer, context, secureCookies);
      return answer;
    } catch (error) {
      throw connectErrorOf(error, log);
    }
  };
}

function forwardStream(call: AnyClient[string], { log }: Forwarding) {
  return async function* (request: Message, context: HandlerContext): AsyncIterable<Message> {
    const { signal } = context;
    try {
      yield* call(request, { ...callOptions(context, MAX_STREAM_MS), signal });
    } catch (error) {
      // The reason of the signal says whether the client left, the time is up or the gateway stops.
      throw connectErrorOf(signal.aborted ? signal.reason : error, log);
    }
  };
}

/**
 * Passes on the client's token, its trace context and the request's id, and no other header. Failed
 * logins are counted by the client's network.
 */
function callOptions(context: HandlerContext, defaultMs: number): CallOptions {
  const { token } = context.values.get(IDENTITY);
  const isLogin = context.method === UserService.method.login;
  const traceparent = context.requestHeader.get("traceparent") ?? undefined;
  return {
    deadlineMs: Date.now() + (context.timeoutMs() ?? defaultMs),
    requestId: context.values.get(CALL).requestId,
    ...(token === undefined ? {} : { token }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(isLogin && { clientNetwork: context.values.get(CALL).network }),
  };
}
