import assert from "node:assert/strict";
import {
  create,
  fromBinary,
  type MessageInitShape,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { decodeErrorInfo } from "#platform/rpc/status-details.ts";
import { fromErrorInfo, type Refusal } from "#platform/values/refusal.ts";
import { ErrorInfoSchema } from "#proto/shop/common/v1/error_pb.ts";
import type { Method } from "./contract.ts";
import { frame } from "./http2-call.ts";

import { http1, http2, type Wire, type WireAnswer } from "./wire.ts";

/**
 * The protocols of the gateway: Connect with JSON, and Connect, gRPC-Web and gRPC with protobuf.
 */
export const PROTOCOLS = ["json", "connect", "grpc-web", "grpc"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** What a caller reads, in the same form for all protocols. */
export type Answer = {
  /** A gRPC status such as "OK", or "HTTP 415" when the response carries none. */
  code: string;
  message: string;
  refusal: Refusal | undefined;
  /** The messages in the encoding of the protocol. */
  messages: Buffer[];
  http: number;
  headers: Record<string, string>;
  cut: boolean;
};

type GatewayCall = {
  method: Pick<Method, "path" | "desc">;
  protocol: Protocol;
  /** A plain object, or the bytes of a message. */
  request?: object | Uint8Array;
  /** The raw body in place of the request, with envelopes where the protocol has them. */
  body?: Uint8Array;
  token?: string | undefined;
  /** They replace the headers of the protocol. */
  headers?: Record<string, string | string[]>;
  /** The version of HTTP; gRPC requires 2. @default 2 */
  http?: 1 | 2;
  onData?: () => void;
};

export type GatewayClient = {
  call(call: GatewayCall): Promise<Answer>;
  wires: Record<1 | 2, Wire>;
  close(): void;
};

/**
 * A client without a library in between, so that it can send anything. All calls share one pool of
 * connections.
 */
export function gatewayClient(url: string): GatewayClient {
  const wires = { 1: http1(url), 2: http2(url) };
  return {
    wires,
    async call({ method, protocol, request = {}, body, token, headers, http = 2, onData }) {
      const streaming = method.desc.methodKind !== "unary";
      const authorization: Record<string, string> =
        token === undefined ? {} : { authorization: `Bearer ${token}` };
      const received = await wires[http].send({
        onData,
        path: method.path,
        headers: { ...headersOf(protocol, streaming), ...authorization, ...headers },
        body: body ?? bodyOf(method, { protocol, streaming, request }),
      });
      return answerOf(received, protocol, streaming);
    },
    close() {
      wires[1].close();
      wires[2].close();
    },
  };
}

function headersOf(protocol: Protocol, streaming: boolean): Record<string, string> {
  switch (protocol) {
    case "json":
      return { "content-type": streaming ? "application/connect+json" : "application/json" };
    case "connect":
      return { "content-type": streaming ? "application/connect+proto" : "application/proto" };
    case "grpc-web":
      return { "content-type": "application/grpc-web+proto" };
    case "grpc":
      return { "content-type": "application/grpc+proto", te: "trailers" };
  }
}

type Shape = { protocol: Protocol; streaming: boolean };

/** Whether messages are sent in envelopes of flags and length. */
function hasEnvelopes({ protocol, streaming }: Shape): boolean {
  return streaming || protocol === "grpc" || protocol === "grpc-web";
}

function bodyOf(
  { desc }: Pick<Method, "desc">,
  { protocol, streaming, request }: Shape & { request: object | Uint8Array },
): Uint8Array {
  let bytes: Uint8Array;
  if (request instanceof Uint8Array) bytes = request;
  else {
    const message = create(desc.input, request as MessageInitShape<typeof desc.input>);
    bytes =
      protocol === "json"
        ? Buffer.from(toJsonString(desc.input, message))
        : toBinary(desc.input, message);
  }
  return hasEnvelopes({ protocol, streaming }) ? frame(bytes) : bytes;
}

const END_STREAM = 0x02;
const WEB_TRAILERS = 0x80;

function answerOf(received: WireAnswer, protocol: Protocol, streaming: boolean): Answer {
  const { http, headers, cut } = received;
  const answer: Answer = {
    code: `HTTP ${http}`,
    message: "",
    refusal: undefined,
    messages: [],
    http,
    headers: { ...received.headers, ...received.trailers },
    cut,
  };
  const type = headers["content-type"] ?? "";
  if (protocol === "json" || protocol === "connect") {
    const ofConnect = /^application\/(json|proto|connect\+)/.test(type);
    if (!ofConnect) return { ...answer, message: received.body.toString() };
    if (!streaming) {
      if (http !== 200) return { ...answer, ...connectError(JSON.parse(received.body.toString())) };
      return { ...answer, code: "OK", messages: [received.body] };
    }
    const envelopes = envelopesOf(received.body);
    const end = envelopes.find(({ flags }) => flags & END_STREAM);
    const messages = envelopes.filter((envelope) => envelope !== end).map(({ data }) => data);
    if (!end) return { ...answer, messages };
    const { error } = JSON.parse(end.data.toString());
    return { ...answer, ...(error ? connectError(error) : { code: "OK" }), messages };
  }
  if (!type.startsWith("application/grpc")) return { ...answer, message: received.body.toString() };
  const envelopes = envelopesOf(received.body);
  const end = envelopes.find(({ flags }) => flags & WEB_TRAILERS);
  const messages = envelopes.filter((envelope) => envelope !== end).map(({ data }) => data);
  const trailers = { ...answer.headers, ...(end ? trailersOf(end.data) : {}) };
  if (trailers["grpc-status"] === undefined) return { ...answer, messages };
  const details = trailers["grpc-status-details-bin"];
  return {
    ...answer,
    headers: trailers,
    code: nameOf(Number(trailers["grpc-status"])),
    message: decodeURIComponent(trailers["grpc-message"] ?? ""),
    refusal: details === undefined ? undefined : decodeErrorInfo(Buffer.from(details, "base64")),
    messages,
  };
}

type ConnectJson = { code: string; message?: string; details?: { type: string; value: string }[] };

function connectError(error: ConnectJson): Pick<Answer, "code" | "message" | "refusal"> {
  const { code, message = "", details = [] } = error;
  const info = details.find(({ type }) => type === ErrorInfoSchema.typeName);
  const refusal =
    info && fromErrorInfo(fromBinary(ErrorInfoSchema, Buffer.from(info.value, "base64")));
  return { code: code === "canceled" ? "CANCELLED" : code.toUpperCase(), message, refusal };
}

function nameOf(code: number): string {
  return status[code] ?? assert.fail(`${code} is not a gRPC status`);
}

function trailersOf(data: Buffer): Record<string, string> {
  const lines = data.toString().split("\r\n").filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}

function envelopesOf(body: Buffer): { flags: number; data: Buffer }[] {
  const found: { flags: number; data: Buffer }[] = [];
  let at = 0;
  while (at + 5 <= body.length) {
    const length = body.readUInt32BE(at + 1);
    found.push({ flags: body[at] ?? 0, data: body.subarray(at + 5, at + 5 + length) });
    at += 5 + length;
  }
  return found;
}
