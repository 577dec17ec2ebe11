import { setTimeout as pause } from "node:timers/promises";
import { Server, type ServerOptions, type ServiceDefinition } from "@grpc/grpc-js";
import type { TlsSettings } from "#platform/settings/tls-settings.ts";
import type { TokenSettings } from "#platform/settings/token-settings.ts";
import type { Log } from "#platform/telemetry/log.ts";
import { ListenError } from "#platform/values/listen-error.ts";
import { Admission } from "./admission.ts";
import { serverCredentials } from "./credentials.ts";
import { boundDeadlines, type DeadlineRule } from "./deadlines.ts";
import { addHealth } from "./health.ts";
import type { Implementation, MethodPlan } from "./implement.ts";
import { DEFAULT_LIMITS, type RpcLimits } from "./limits.ts";
import { type RawMethod, rawMethod } from "./messages.ts";
import { addReflection } from "./reflection.ts";
import { serveStream, serveUnary } from "./serve.ts";
import { createTokenVerifier } from "./tokens.ts";

export type { Call } from "./call.ts";
export { type Handlers, type Implementation, implement } from "./implement.ts";

/** Time for the last responses to leave after the last handler is done. */
const FLUSH_MS = 1_000;

export type RpcServer = {
  /** host:port, with the actual port if port 0 was requested. */
  address: string;
  port: number;
  /** Sets what grpc.health.v1 answers: false at first. Calls are served either way. */
  setServing(serving: boolean): void;
  /** Sets the health of a part that the server can do without for a while, such as "broker". */
  setPart(name: string, serving: boolean): void;
  /** Sets the cause why a part is not able to work; undefined if it is. */
  setCause(part: string, cause: string | undefined): void;
  /** Refuses new calls with UNAVAILABLE, finishes accepted ones, then closes. Idempotent. */
  stop(): Promise<void>;
};

/**
 * Starts a server of the implementations, with health and reflection. It enforces the access option
 * of each method before it reads a request.
 */
export async function startRpcServer(options: {
  listen: { host: string; port: number };
  tls: TlsSettings | undefined;
  tokens: TokenSettings;
  implementations: Implementation[];
  log: Log;
  limits?: Partial<RpcLimits>;
}): Promise<RpcServer> {
  const { implementations, log } = options;
  const limits: RpcLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const methods = implementations.flatMap((implementation) => implementation.methods);
  const plans = new Map(methods.map((plan) => [plan.path, plan]));
  const tokens = createTokenVerifier(options.tokens);
  const admission = new Admission({ plans, tokens, limits, log });
  const stopping = new AbortController();
  const server = createServer(limits, admission);
  boundDeadlines(server, deadlineRules(plans, limits));
  for (const { methods } of implementations) {
    addMethods(server, methods, { admission, limits, stopping: stopping.signal });
  }
  const services = implementations.map((implementation) => implementation.service);
  const health = addHealth(
    server,
    services.map((service) => service.typeName),
  );
  addReflection(server, services);
  const { host } = options.listen;
  const credentials = serverCredentials(options.tls);
  const port = await bind(server, `${host}:${options.listen.port}`, credentials);
  log.info({ address: `${host}:${port}`, tls: options.tls !== undefined }, "listening");

  let stopped: Promise<void> | undefined;
  const stop = async () => {
    health.setCause("service", "stopping");
    health.setServing(false);
    admission.close();
    stopping.abort();
    // Connections stay open until then: a client that pings a closing one gives up its calls
    // (grpc/grpc-node#3068).
    const idle = Promise.all([admission.calls.idle(), admission.streams.idle()]);
    if (!(await within(limits.stopMs, idle))) {
      const left = admission.calls.count + admission.streams.count;
      log.warn({ left }, "stopped with calls under way");
    }
    // Without channelz, forceShutdown does not find the connections. drain ends them in its time.
    server.drain(`${host}:${port}`, FLUSH_MS);
    const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    await within(2 * FLUSH_MS, closed);
    server.forceShutdown();
  };
  return {
    address: `${host}:${port}`,
    port,
    setServing: (serving) => {
      if (!stopping.signal.aborted) health.setServing(serving);
    },
    setPart: health.setPart,
    setCause: health.setCause,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

function createServer(limits: RpcLimits, admission: Admission): Server {
  return new Server({ interceptors: [admission.interceptor], ...serverOptions(limits) });
}

/** The HTTP/2 options of every server of the shop. */
export function serverOptions(limits: RpcLimits): ServerOptions {
  return {
    "grpc.max_receive_message_length": limits.maxMessageBytes,
    "grpc.max_send_message_length": limits.maxMessageBytes,
    "grpc.max_concurrent_streams": limits.maxInFlight + limits.maxStreams,
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
    // channelz registers every connection in a process-wide table, which has leaked
    // (grpc/grpc-node#2068).
    "grpc.enable_channelz": 0,
  };
}

function deadlineRules(
  plans: Map<string, MethodPlan>,
  limits: RpcLimits,
): (path: string) => DeadlineRule {
  const unary = { defaultMs: limits.defaultDeadlineMs, maxMs: limits.maxDeadlineMs };
  const stream = { defaultMs: limits.maxStreamMs, maxMs: limits.maxStreamMs };
  return (path) => {
    const plan = plans.get(path);
    return plan && !plan.streaming ? unary : stream;
  };
}

function addMethods(
  server: Server,
  plans: MethodPlan[],
  context: { admission: Admission; limits: RpcLimits; stopping: AbortSignal },
): void {
  const { admission, limits } = context;
  const definitions: Record<string, RawMethod> = {};
  const handlers: Record<string, never> = {};
  for (const plan of plans) {
    const name = plan.method.name;
    definitions[name] = rawMethod(plan.path, plan);
    const handler = plan.streaming
      ? serveStream(plan, admission, context)
      : serveUnary(plan, admission, limits);
    handlers[name] = handler as never;
  }
  server.addService(definitions as ServiceDefinition, handlers);
}

function bind(
  server: Server,
  address: string,
  credentials: ReturnType<typeof serverCredentials>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error) reject(new ListenError(address, error));
      else resolve(port);
    });
  });
}

/** Whether `work` ends within the time. */
async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const late = pause(ms, false, { signal: timer.signal }).catch(() => false);
  const ended = await Promise.race([work.then(() => true), late]);
  timer.abort();
  return ended;
}
