import type {
  DescMessage,
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Access } from "#proto/shop/common/v1/access_pb.ts";
import { accessOf, userBinding } from "./access.ts";
import type { Call, Caller } from "./call.ts";

type Handler<M> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, call: Call) => Promise<MessageInitShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, call: Call) => AsyncIterable<MessageInitShape<O>>
      : never;

/**
 * The handlers of a service by the TypeScript names of its methods. A method without a handler
 * answers UNIMPLEMENTED to callers that may call it. The stream of a streaming handler must end
 * when `call.signal` is aborted.
 */
export type Handlers<S extends DescService> = {
  [K in keyof S["method"]]?: Handler<S["method"][K]>;
};

type AnyHandler = (request: unknown, call: Call) => unknown;

/** One method as the server runs it, with everything that can be computed before the first call. */
export type MethodPlan = {
  method: DescMethod & { input: DescMessage; output: DescMessage };
  path: string;
  access: Access;
  streaming: boolean;
  handler: AnyHandler | undefined;
  bindUser: ((request: Record<string, unknown>, caller: Caller) => void) | undefined;
  failpointBefore: string;
  failpointAfter: string;
};

export type Implementation = { service: DescService; methods: MethodPlan[] };

/** Combines a service of the contract with its handlers, for startRpcServer. */
export function implement<S extends DescService>(
  service: S,
  handlers: Handlers<S>,
): Implementation {
  const untyped = handlers as Record<string, AnyHandler | undefined>;
  return { service, methods: service.methods.map((method) => planOf(method, untyped)) };
}

function planOf(method: DescMethod, handlers: Record<string, AnyHandler | undefined>): MethodPlan {
  if (method.methodKind !== "unary" && method.methodKind !== "server_streaming") {
    throw new Error(`${method.toString()} streams requests, which the server does not support`);
  }
  const name = `${method.parent.typeName}/${method.name}`;
  return {
    method,
    path: `/${name}`,
    access: accessOf(method),
    streaming: method.methodKind === "server_streaming",
    handler: handlers[method.localName],
    bindUser: userBinding(method),
    failpointBefore: `serve.before:${name}`,
    failpointAfter: `serve.after:${name}`,
  };
}
