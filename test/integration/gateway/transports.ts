import { Agent } from "node:http";
import {
  create,
  type DescMessage,
  type DescMethodStreaming,
  type DescMethodUnary,
  type JsonObject,
  type MessageInitShape,
  toJson,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { ErrorInfoSchema } from "#proto/shop/common/v1/error_pb.ts";
import type { Method } from "../../../testbed/calls/contract.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

/** An answer in a form that does not depend on the protocol. */
export type Answer = {
  /** "Ok", or the name of Connect's code, such as "NotFound". */
  code: string;
  message: string;
  /** The details of the error: each ErrorInfo as JSON, any other detail as its type name. */
  details: unknown[];
  /** The message as JSON; of a stream, the first message. */
  response: JsonObject | undefined;
};

/** One way to call the shop: a protocol over an HTTP version. */
export type Route = {
  name: string;
  send(method: Method, request: object, headers?: Record<string, string>): Promise<Answer>;
};

export type Routes = { direct: Route; throughGateway: Route[]; close(): void };

const TIMEOUT_MS = 15_000;

/** Clients of connect-node for every protocol over every HTTP version that supports it. */
export function routesTo(shop: Shop): Routes {
  const agent = new Agent({ keepAlive: true });
  const sessions: Http2SessionManager[] = [];
  const http1 = (baseUrl: string) => {
    return { baseUrl, httpVersion: "1.1" as const, nodeOptions: { agent } };
  };
  const http2 = (baseUrl: string) => {
    const sessionManager = new Http2SessionManager(baseUrl);
    sessions.push(sessionManager);
    return { baseUrl, httpVersion: "2" as const, sessionManager };
  };
  const services = Object.fromEntries(
    Object.entries(shop.addresses).map(([service, address]) => {
      return [service, createGrpcTransport(http2(`http://${address}`))];
    }),
  );
  const direct: Route = {
    name: "gRPC at the service",
    send: (method, request, headers) =>
      send(services[method.service] as Transport, { method, request, headers }),
  };
  const url = shop.gatewayUrl;
  const binary = { useBinaryFormat: true };
  const json = { useBinaryFormat: false };
  const transports: Record<string, Transport> = {
    "gRPC over HTTP/2": createGrpcTransport(http2(url)),
    "gRPC with JSON over HTTP/2": createGrpcTransport({ ...http2(url), ...json }),
    "gRPC-Web over HTTP/1.1": createGrpcWebTransport(http1(url)),
    "gRPC-Web over HTTP/2": createGrpcWebTransport(http2(url)),
    "Connect with JSON over HTTP/1.1": createConnectTransport({ ...http1(url), ...json }),
    "Connect with JSON over HTTP/2": createConnectTransport({ ...http2(url), ...json }),
    "Connect over HTTP/1.1": createConnectTransport({ ...http1(url), ...binary }),
    "Connect over HTTP/2": createConnectTransport({ ...http2(url), ...binary }),
  };
  const throughGateway = Object.entries(transports).map(([name, transport]): Route => {
    return {
      name,
      send: (method, request, headers) => send(transport, { method, request, headers }),
    };
  });
  return {
    direct,
    throughGateway,
    close() {
      for (const session of sessions) session.abort();
      agent.destroy();
    },
  };
}

type Call = { method: Method; request: object; headers: Record<string, string> | undefined };

async function send(
  transport: Transport,
  { method: { desc }, request, headers }: Call,
): Promise<Answer> {
  const message = create(desc.input as DescMessage, request as MessageInitShape<DescMessage>);
  const abort = new AbortController();
  try {
    if (desc.methodKind === "unary") {
      const method = desc as DescMethodUnary;
      const answer = await transport.unary(method, abort.signal, TIMEOUT_MS, headers, message);
      return answered(toJson(desc.output, answer.message) as JsonObject);
    }
    const input = (async function* () {
      yield message;
    })();
    const method = desc as DescMethodStreaming;
    const stream = await transport.stream(method, abort.signal, TIMEOUT_MS, headers, input);
    for await (const one of stream.message) return answered(toJson(desc.output, one) as JsonObject);
    return answered(undefined);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const infos = error.findDetails(ErrorInfoSchema).map((info) => toJson(ErrorInfoSchema, info));
    const others = error.details.map((detail) => ("type" in detail ? detail.type : detail.desc));
    const unknown = others.filter((type) => type !== ErrorInfoSchema.typeName);
    const details = [...infos, ...unknown];
    return { code: nameOf(error.code), message: error.rawMessage, details, response: undefined };
  } finally {
    abort.abort();
  }
}

function answered(response: JsonObject | undefined): Answer {
  return { code: "Ok", message: "", details: [], response };
}

function nameOf(code: Code): string {
  return Code[code];
}
