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

/** The same for the same request, whatever way it goes. */
export type Answer = {
  /** "Ok", or the name of Connect's code, such as "NotFound". */
  code: string;
  message: string;
  /** All details of the error, each as JSON; those that are no ErrorInfo by their type. */
  details: unknown[];
  /** The message as JSON; the first one of a stream. */
  response: JsonObject | undefined;
};

export type Way = {
  name: string;
  send(method: Method, request: object, headers?: Record<string, string>): Promise<Answer>;
};

export type Ways = { direct: Way; throughGateway: Way[]; close(): void };

const TIMEOUT_MS = 15_000;

/** Every way from a client to a service, by the clients of connect-node: each protocol over each HTTP that has it. */
export function waysTo(shop: Shop): Ways {
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
  const direct: Way = {
    name: "gRPC at the service",
    send: (method, ...call) => send(services[method.service] as Transport, method, ...call),
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
  const throughGateway = Object.entries(transports).map(([name, transport]): Way => {
    return { name, send: (...call) => send(transport, ...call) };
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

async function send(
  transport: Transport,
  { desc }: Method,
  request: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const message = create(desc.input as DescMessage, request as MessageInitShape<DescMessage>);
  const leave = new AbortController();
  try {
    if (desc.methodKind === "unary") {
      const method = desc as DescMethodUnary;
      const answer = await transport.unary(method, leave.signal, TIMEOUT_MS, headers, message);
      return answered(toJson(desc.output, answer.message) as JsonObject);
    }
    const input = (async function* () {
      yield message;
    })();
    const method = desc as DescMethodStreaming;
    const stream = await transport.stream(method, leave.signal, TIMEOUT_MS, headers, input);
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
    leave.abort();
  }
}

function answered(response: JsonObject | undefined): Answer {
  return { code: "Ok", message: "", details: [], response };
}

function nameOf(code: Code): string {
  return Code[code];
}
