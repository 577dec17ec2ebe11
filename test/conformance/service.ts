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
  ErrorWanted,
  Header,
  StreamRequest,
  StreamWanted,
  UnaryRequest,
  UnaryWanted,
  Words,
} from "./words.ts";

type Payload = { data?: Uint8Array; requestInfo?: Message };

/**
 * The service of the conformance suite: it answers what the request wants it to answer, and tells what it saw of the
 * request. Only `Unimplemented` is not there.
 */
export function serveConformance(router: ConnectRouter, words: Words): void {
  const { service } = words;
  const implementation = {
    unary: (request: UnaryRequest, context: HandlerContext) =>
      answerOnce(words, [request], request.responseDefinition, context),
    idempotentUnary: (request: UnaryRequest, context: HandlerContext) =>
      answerOnce(words, [request], request.responseDefinition, context),
    clientStream: async (requests: AsyncIterable<UnaryRequest>, context: HandlerContext) => {
      const all: UnaryRequest[] = [];
      for await (const request of requests) all.push(request);
      return answerOnce(words, all, all[0]?.responseDefinition, context);
    },
    serverStream: (request: StreamRequest, context: HandlerContext) =>
      answerMany(words, [request], request.responseDefinition, context),
    bidiStream: (requests: AsyncIterable<StreamRequest>, context: HandlerContext) =>
      converse(words, requests, context),
  };
  for (const [name, method] of Object.entries(service.method)) {
    const handle = implementation[name as keyof typeof implementation];
    if (!handle) continue;
    const options = method.methodKind === "unary" ? undefined : STREAM_OPTIONS;
    router.rpc(method, handle as never, options);
  }
}

async function answerOnce(
  words: Words,
  requests: Message[],
  wanted: UnaryWanted | undefined,
  context: HandlerContext,
): Promise<{ payload: Payload }> {
  const requestInfo = seen(words, requests, context);
  if (!wanted) return { payload: { requestInfo } };
  sendHeaders(wanted, context);
  await pause(wanted.responseDelayMs);
  const { response } = wanted;
  if (response.case === "error") throw errorOf(words, response.value, requestInfo);
  const data = response.case === "responseData" ? { data: response.value } : {};
  return { payload: { ...data, requestInfo } };
}

async function* answerMany(
  words: Words,
  requests: Message[],
  wanted: StreamWanted | undefined,
  context: HandlerContext,
): AsyncIterable<{ payload: Payload }> {
  if (!wanted) return;
  sendHeaders(wanted, context);
  yield* answers(words, { requests, wanted, from: 0 }, context);
}

/** Answers each request as it comes where it is to be full duplex; all of them at the end otherwise. */
async function* converse(
  words: Words,
  requests: AsyncIterable<StreamRequest>,
  context: HandlerContext,
): AsyncIterable<{ payload: Payload }> {
  let first: StreamRequest | undefined;
  let waiting: Message[] = [];
  let answered = 0;
  for await (const request of requests) {
    if (!first && request.responseDefinition) sendHeaders(request.responseDefinition, context);
    first ??= request;
    waiting.push(request);
    if (!first.fullDuplex) continue;
    const data = first.responseDefinition?.responseData[answered];
    if (!data) break;
    const requestInfo =
      answered === 0 ? seen(words, waiting, context) : justRequests(words, waiting);
    await pause(first.responseDefinition?.responseDelayMs);
    yield { payload: { data, requestInfo } };
    answered += 1;
    waiting = [];
  }
  const wanted = first?.responseDefinition;
  if (wanted) yield* answers(words, { requests: waiting, wanted, from: answered }, context);
}

/** What is left of the answers, then the error if there is to be one. */
async function* answers(
  words: Words,
  left: { requests: Message[]; wanted: StreamWanted; from: number },
  context: HandlerContext,
): AsyncIterable<{ payload: Payload }> {
  const { requests, wanted, from } = left;
  for (const [index, data] of wanted.responseData.entries()) {
    if (index < from) continue;
    await pause(wanted.responseDelayMs);
    if (index > 0) yield { payload: { data } };
    else yield { payload: { data, requestInfo: seen(words, requests, context) } };
  }
  if (!wanted.error) return;
  const isFirst = wanted.responseData.length === 0;
  throw errorOf(words, wanted.error, isFirst ? seen(words, requests, context) : undefined);
}

function sendHeaders(wanted: UnaryWanted | StreamWanted, context: HandlerContext): void {
  const add = (to: Headers, headers: Header[]) => {
    for (const { name, value } of headers) for (const one of value) to.append(name, one);
  };
  add(context.responseHeader, wanted.responseHeaders);
  add(context.responseTrailer, wanted.responseTrailers);
}

/** The requests as they were read, and all that came with them. */
function seen(words: Words, requests: Message[], context: HandlerContext): Message {
  const timeoutMs = context.timeoutMs();
  const queryParams = [...new URL(context.url).searchParams].map(([name, value]) => {
    return { name, value: [value] };
  });
  return requestInfo(words, {
    requestHeaders: [...context.requestHeader].map(([name, value]) => ({ name, value: [value] })),
    requests: requests.map((request) => packed(words, request)),
    ...(timeoutMs === undefined ? {} : { timeoutMs: BigInt(Math.round(timeoutMs)) }),
    ...(context.requestMethod === "GET" ? { connectGetInfo: { queryParams } } : {}),
  });
}

function justRequests(words: Words, requests: Message[]): Message {
  return requestInfo(words, { requests: requests.map((request) => packed(words, request)) });
}

function requestInfo(words: Words, fields: object): Message {
  const schema = words.schema("ConformancePayload.RequestInfo");
  return create(schema, fields as MessageInitShape<typeof schema>);
}

function packed({ registry }: Words, message: Message): Any {
  const schema = registry.getMessage(message.$typeName);
  if (!schema) throw new Error(`${message.$typeName} is not of the suite`);
  return anyPack(schema, message);
}

function errorOf(
  words: Words,
  wanted: ErrorWanted,
  requestInfo: Message | undefined,
): ConnectError {
  const details = wanted.details.map((detail) => anyUnpack(detail, words.registry));
  const all = [...details, requestInfo].filter((message) => message !== undefined);
  return new ConnectError(
    wanted.message ?? "",
    wanted.code as Code,
    undefined,
    all.map((value) => {
      const desc = words.registry.getMessage(value.$typeName);
      if (!desc) throw new Error(`${value.$typeName} is not of the suite`);
      return { desc, value };
    }),
  );
}
