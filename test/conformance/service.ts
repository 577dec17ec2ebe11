import { setTimeout as pause } from "node:timers/promises";
import { create, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { type Any, anyPack, anyUnpack } from "@bufbuild/protobuf/wkt";
import {
  type Code,
  ConnectError,
  type ConnectRouter,
  type HandlerContext,
} from "@connectrpc/connect";
import { STREAM_OPTIONS } from "../../gateway/protocols.ts";
import type {
  Descriptors,
  ErrorDefinition,
  Header,
  StreamDefinition,
  StreamRequest,
  UnaryDefinition,
  UnaryRequest,
} from "./descriptors.ts";

type Payload = { data?: Uint8Array; requestInfo?: Message };
/** One call of the service, with the messages of the suite. */
type Call = { suite: Descriptors; context: HandlerContext };

/**
 * The service of the conformance suite: each method answers as the request defines and reports the
 * request that it received. `Unimplemented` is left out on purpose.
 */
export function serveConformance(router: ConnectRouter, suite: Descriptors): void {
  const { service } = suite;
  const implementation = {
    unary: (request: UnaryRequest, context: HandlerContext) =>
      answerOnce({ suite, context }, [request], request.responseDefinition),
    idempotentUnary: (request: UnaryRequest, context: HandlerContext) =>
      answerOnce({ suite, context }, [request], request.responseDefinition),
    clientStream: async (requests: AsyncIterable<UnaryRequest>, context: HandlerContext) => {
      const all: UnaryRequest[] = [];
      for await (const request of requests) all.push(request);
      return answerOnce({ suite, context }, all, all[0]?.responseDefinition);
    },
    serverStream: (request: StreamRequest, context: HandlerContext) =>
      answerMany({ suite, context }, [request], request.responseDefinition),
    bidiStream: (requests: AsyncIterable<StreamRequest>, context: HandlerContext) =>
      converse({ suite, context }, requests),
  };
  for (const [name, method] of Object.entries(service.method)) {
    const handle = implementation[name as keyof typeof implementation];
    if (!handle) continue;
    const options = method.methodKind === "unary" ? undefined : STREAM_OPTIONS;
    router.rpc(method, handle as never, options);
  }
}

async function answerOnce(
  call: Call,
  requests: Message[],
  definition: UnaryDefinition | undefined,
): Promise<{ payload: Payload }> {
  const requestInfo = received(call, requests);
  if (!definition) return { payload: { requestInfo } };
  sendHeaders(definition, call.context);
  await pause(definition.responseDelayMs);
  const { response } = definition;
  if (response.case === "error") throw errorOf(call.suite, response.value, requestInfo);
  const data = response.case === "responseData" ? { data: response.value } : {};
  return { payload: { ...data, requestInfo } };
}

async function* answerMany(
  call: Call,
  requests: Message[],
  definition: StreamDefinition | undefined,
): AsyncIterable<{ payload: Payload }> {
  if (!definition) return;
  sendHeaders(definition, call.context);
  yield* answers(call, { requests, definition, from: 0 });
}

/** Answers each request at once in full duplex, and all of them at the end in half duplex. */
async function* converse(
  call: Call,
  requests: AsyncIterable<StreamRequest>,
): AsyncIterable<{ payload: Payload }> {
  let first: StreamRequest | undefined;
  let waiting: Message[] = [];
  let answered = 0;
  for await (const request of requests) {
    if (!first && request.responseDefinition) sendHeaders(request.responseDefinition, call.context);
    first ??= request;
    waiting.push(request);
    if (!first.fullDuplex) continue;
    const data = first.responseDefinition?.responseData[answered];
    if (!data) break;
    const requestInfo =
      answered === 0 ? received(call, waiting) : justRequests(call.suite, waiting);
    await pause(first.responseDefinition?.responseDelayMs);
    yield { payload: { data, requestInfo } };
    answered += 1;
    waiting = [];
  }
  const definition = first?.responseDefinition;
  if (definition) yield* answers(call, { requests: waiting, definition, from: answered });
}

/** The answers from index `from` on, then the error if one is defined. */
async function* answers(
  call: Call,
  left: { requests: Message[]; definition: StreamDefinition; from: number },
): AsyncIterable<{ payload: Payload }> {
  const { requests, definition, from } = left;
  for (const [index, data] of definition.responseData.entries()) {
    if (index < from) continue;
    await pause(definition.responseDelayMs);
    if (index > 0) yield { payload: { data } };
    else yield { payload: { data, requestInfo: received(call, requests) } };
  }
  if (!definition.error) return;
  const isFirst = definition.responseData.length === 0;
  throw errorOf(call.suite, definition.error, isFirst ? received(call, requests) : undefined);
}

function sendHeaders(
  definition: UnaryDefinition | StreamDefinition,
  context: HandlerContext,
): void {
  const add = (to: Headers, headers: Header[]) => {
    for (const { name, value } of headers) for (const one of value) to.append(name, one);
  };
  add(context.responseHeader, definition.responseHeaders);
  add(context.responseTrailer, definition.responseTrailers);
}

/** What arrived: headers, timeout, query parameters and the requests. */
function received({ suite, context }: Call, requests: Message[]): Message {
  const timeoutMs = context.timeoutMs();
  const queryParams = [...new URL(context.url).searchParams].map(([name, value]) => {
    return { name, value: [value] };
  });
  return requestInfo(suite, {
    requestHeaders: [...context.requestHeader].map(([name, value]) => ({ name, value: [value] })),
    requests: requests.map((request) => packed(suite, request)),
    ...(timeoutMs === undefined ? {} : { timeoutMs: BigInt(Math.round(timeoutMs)) }),
    ...(context.requestMethod === "GET" ? { connectGetInfo: { queryParams } } : {}),
  });
}

function justRequests(suite: Descriptors, requests: Message[]): Message {
  return requestInfo(suite, { requests: requests.map((request) => packed(suite, request)) });
}

function requestInfo(suite: Descriptors, fields: object): Message {
  const schema = suite.schema("ConformancePayload.RequestInfo");
  return create(schema, fields as MessageInitShape<typeof schema>);
}

function packed({ registry }: Descriptors, message: Message): Any {
  const schema = registry.getMessage(message.$typeName);
  if (!schema) throw new Error(`${message.$typeName} is not a message of the suite`);
  return anyPack(schema, message);
}

function errorOf(
  suite: Descriptors,
  definition: ErrorDefinition,
  requestInfo: Message | undefined,
): ConnectError {
  const details = definition.details.map((detail) => anyUnpack(detail, suite.registry));
  const all = [...details, requestInfo].filter((message) => message !== undefined);
  return new ConnectError(
    definition.message ?? "",
    definition.code as Code,
    undefined,
    all.map((value) => {
      const desc = suite.registry.getMessage(value.$typeName);
      if (!desc) throw new Error(`${value.$typeName} is not a message of the suite`);
      return { desc, value };
    }),
  );
}
