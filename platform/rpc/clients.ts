import {
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import {
  Client as Channel,
  type ChannelOptions,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { failpoint } from "#platform/settings/failpoint.ts";
import type { TlsSettings } from "#platform/settings/tls-settings.ts";
import type { Log } from "#platform/telemetry/log.ts";
import { Outage, Reason } from "#platform/values/refusal.ts";
import { CLIENT_NETWORK, REQUEST_ID_HEADER } from "./call.ts";
import { channelSecurity } from "./credentials.ts";
import { isServiceError, refusalOfStatus } from "./errors.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { encodeMessage, identity } from "./messages.ts";
import { StreamChannels } from "./stream-channels.ts";

const MAX_STREAM_MS = DEFAULT_LIMITS.maxStreamMs;

export type CallOptions = {
  /** On the scale of Date.now(). The call ends then, even if the client's timeout is longer. */
  deadlineMs?: number;
  traceparent?: string;
  /** The id of the request at the gateway, by which the logs of all programs are searched. */
  requestId?: string;
  signal?: AbortSignal;
  /** Of the client on whose behalf the gateway calls. */
  clientNetwork?: string;
  /** The token of the caller on whose behalf the call is made, instead of the service's own. */
  token?: string;
};

type Method<M> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageInitShape<I>, options?: CallOptions) => AsyncIterable<MessageShape<O>>
      : never;

/** The methods of a service by their TypeScript names. Each makes exactly one call: no retries. */
export type Client<S extends DescService> = {
  [K in keyof S["method"]]: Method<S["method"][K]>;
} & { close(): void };

export type ClientOptions = {
  /** A gRPC target: host:port, or dns:///name:port to balance over all replicas of a name. */
  address: string;
  tls: TlsSettings | undefined;
  /**
   * False accepts a certificate of any name: only for a process that calls its own container.
   * @default true
   */
  verifyServerName?: boolean;
  /** The service's own token. Without it, a call without a token of its own is anonymous. */
  serviceToken?: () => Promise<string>;
  /** Of a unary call. */
  timeoutMs: number;
  log?: Log;
};

const CHANNEL_OPTIONS: ChannelOptions = {
  "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  // A service config from DNS could set a retry policy, and a retried call can take effect twice.
  // grpc-js still retries calls that never reached a server.
  "grpc.service_config_disable_resolution": 1,
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2_000,
  "grpc.max_send_message_length": DEFAULT_LIMITS.maxMessageBytes,
  "grpc.max_receive_message_length": DEFAULT_LIMITS.maxMessageBytes,
  "grpc.enable_channelz": 0,
  "grpc.enable_http_proxy": 0,
};

/**
 * A client of one service. It keeps its connections: create one for each target, and close it.
 *
 * If the service refuses a call with a reason, the call throws that Refusal. Any other failure
 * (deadline, connection, INTERNAL ...) throws an Outage with the gRPC status as its `cause`:
 * whether the call took effect is then unknown. If the service does not accept this service's own
 * token, that is an Outage as well, because the caller of this service is not at fault.
 */
export function createClient<S extends DescService>(service: S, options: ClientOptions): Client<S> {
  const security = channelSecurity(options);
  const channelOptions = { ...CHANNEL_OPTIONS, ...security.options };
  const channel = new Channel(options.address, security.credentials, channelOptions);
  const streams = new StreamChannels(options.address, security.credentials, channelOptions);
  const client: Record<string, unknown> = {
    close: () => {
      channel.close();
      streams.close();
    },
  };
  for (const method of service.methods) {
    const plan = planOf(service, method);
    if (method.methodKind === "unary") {
      client[method.localName] = (request: never, call: CallOptions = {}) =>
        callUnary({ channel, plan, options, call }, request);
    } else if (method.methodKind === "server_streaming") {
      client[method.localName] = (request: never, call: CallOptions = {}) =>
        callStream({ streams, plan, options, call }, request);
    }
  }
  return client as Client<S>;
}

type Plan = {
  path: string;
  input: DescMessage;
  output: DescMessage;
  failpointBefore: string;
  failpointAfter: string;
};
type Context = { plan: Plan; options: ClientOptions; call: CallOptions };

function planOf(service: DescService, method: DescMethod): Plan {
  const name = `${service.typeName}/${method.name}`;
  return {
    path: `/${name}`,
    input: method.input,
    output: method.output,
    failpointBefore: `rpc.before:${name}`,
    failpointAfter: `rpc.after:${name}`,
  };
}

async function callUnary(
  context: Context & { channel: Channel },
  request: never,
): Promise<unknown> {
  const { channel, plan, options, call } = context;
  const before = failpoint(plan.failpointBefore);
  if (before) await before;
  const bytes = encodeMessage(plan.input, request);
  const metadata = await headersOf(context);
  const deadline = deadlineOf(call, options.timeoutMs);
  const answer = await new Promise<Buffer>((resolve, reject) => {
    if (call.signal?.aborted) return reject(cancelled(plan));
    let stopListening = () => {};
    const grpcCall = channel.makeUnaryRequest(
      plan.path,
      identity,
      identity,
      bytes,
      metadata,
      { deadline },
      (error, response) => {
        stopListening();
        if (error) reject(failureOf(error, context));
        else resolve(response as Buffer);
      },
    );
    stopListening = onAbort(call.signal, () => grpcCall.cancel());
  });
  const after = failpoint(plan.failpointAfter);
  if (after) await after;
  return decode(plan, answer);
}

async function* callStream(
  context: Context & { streams: StreamChannels },
  request: never,
): AsyncIterable<unknown> {
  const { streams, plan, call } = context;
  const bytes = encodeMessage(plan.input, request);
  const metadata = await headersOf(context);
  if (call.signal?.aborted) throw cancelled(plan);
  const deadline = deadlineOf(call, MAX_STREAM_MS);
  const { channel, done } = streams.lease();
  const stream = channel.makeServerStreamRequest(plan.path, identity, identity, bytes, metadata, {
    deadline,
  });
  let ended = false;
  const stopListening = onAbort(call.signal, () => stream.cancel());
  try {
    for await (const message of stream) yield decode(plan, message as Buffer);
    ended = true;
  } catch (error) {
    ended = isServiceError(error) && error.code !== status.CANCELLED;
    throw isServiceError(error) ? failureOf(error, context) : error;
  } finally {
    stopListening();
    // If the consumer stops early, the stream ends with CANCELLED, which has no reader.
    stream.on("error", () => {});
    stream.cancel();
    done(!ended);
  }
}

function decode(plan: Plan, bytes: Buffer): unknown {
  try {
    return fromBinary(plan.output, bytes);
  } catch (cause) {
    throw new Outage(`the response of ${plan.path} is malformed`, { cause });
  }
}

async function headersOf({ options, call }: Context): Promise<Metadata> {
  const metadata = new Metadata();
  const token = call.token ?? (await options.serviceToken?.());
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  if (call.traceparent !== undefined) metadata.set("traceparent", call.traceparent);
  if (call.clientNetwork !== undefined) metadata.set(CLIENT_NETWORK, call.clientNetwork);
  if (call.requestId !== undefined) metadata.set(REQUEST_ID_HEADER, call.requestId);
  return metadata;
}

function deadlineOf(call: CallOptions, timeoutMs: number): number {
  return Math.min(call.deadlineMs ?? Number.POSITIVE_INFINITY, Date.now() + timeoutMs);
}

function failureOf(error: ServiceError, { plan, options, call }: Context): Error {
  const refusal = refusalOfStatus(error);
  const ownIdentity = call.token === undefined && options.serviceToken !== undefined;
  const refusesIdentity =
    refusal?.reason === Reason.UNAUTHENTICATED ||
    refusal?.reason === Reason.TOKEN_EXPIRED ||
    refusal?.reason === Reason.PERMISSION_DENIED;
  if (refusal && !(ownIdentity && refusesIdentity)) return refusal;
  options.log?.debug({ path: plan.path, code: error.code, details: error.details }, "call failed");
  return new Outage(`${plan.path} failed: ${error.message}`, { cause: error });
}

function cancelled(plan: Plan): Outage {
  return new Outage(`${plan.path} was cancelled before it started`);
}

function onAbort(signal: AbortSignal | undefined, act: () => void): () => void {
  if (!signal) return () => {};
  signal.addEventListener("abort", act, { once: true });
  return () => signal.removeEventListener("abort", act);
}
