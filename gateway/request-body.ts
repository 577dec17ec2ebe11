import type { IncomingMessage } from "node:http";
import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { excessOfBinary } from "./count-values.ts";
import type { GatewayCall } from "./gateway-call.ts";
import { MIN_UNPACKED_BYTES } from "./limits.ts";
import { malformed } from "./malformed.ts";
import type { RequestBounds } from "./request-bounds.ts";

/** Flags and length of a message in an envelope. */
const ENVELOPE_HEAD = 5;
const COMPRESSED = 1;

/** How requests may be compressed. */
export const COMPRESSIONS: readonly Compression[] = [compressionGzip, compressionBrotli];

type BoundedBody = {
  message: DescMessage;
  bounds: RequestBounds;
  /** Whether messages are in envelopes, as in gRPC and in Connect's streams. */
  hasEnvelopes: boolean;
  isBinary: boolean;
  /** How the body, or the messages in their envelopes, are compressed. */
  compression: Compression | undefined;
  /** The Content-Length header. */
  length: number;
  /** Called when the body is in, before it is unpacked. */
  onWhole: () => void;
  /** Called with the bytes to decode, before they are decoded. */
  onUnpacked: (bytes: number) => Promise<void> | void;
};

/**
 * The body of a call within the bounds of its method, unpacked. Only a stream of requests, such as
 * reflection's, is left to Connect as it is.
 */
export function bodyWithin(
  bounds: RequestBounds,
  received: {
    request: IncomingMessage;
    method: DescMethod;
    call: GatewayCall;
    /** Loses what does not describe the unpacked body. */
    header: Headers;
  },
): AsyncIterable<Uint8Array> {
  const { request, method, call, header } = received;
  const { methodKind, input } = method;
  if (methodKind !== "unary" && methodKind !== "server_streaming") {
    return request.iterator({ destroyOnReturn: false });
  }
  const type = (header.get("content-type") ?? "").toLowerCase();
  const hasEnvelopes = /^application\/(grpc|connect\+)/.test(type);
  const length = Number(header.get("content-length") ?? 0);
  const compression = hasEnvelopes ? compressionOfMessages(type, header) : takeEncoding(header);
  return boundedBody(request, {
    message: input,
    bounds,
    hasEnvelopes,
    isBinary: !type.includes("json"),
    compression,
    length,
    onWhole: () => call.enter(),
    onUnpacked: (bytes) => call.charge(bytes),
  });
}

function compressionOfMessages(type: string, header: Headers): Compression | undefined {
  const isGrpc = type.startsWith("application/grpc");
  return compressionNamed(header.get(isGrpc ? "grpc-encoding" : "connect-content-encoding"));
}

/** Takes the encoding from the headers: Connect gets the body unpacked, and compresses as before. */
function takeEncoding(header: Headers): Compression | undefined {
  const compression = compressionNamed(header.get("content-encoding"));
  if (!compression) return undefined;
  header.delete("content-encoding");
  header.delete("content-length");
  if (!header.has("accept-encoding")) header.set("accept-encoding", compression.name);
  return compression;
}

function compressionNamed(name: string | null): Compression | undefined {
  return COMPRESSIONS.find((compression) => compression.name === name);
}

/**
 * Reads the body of a call with one request to its end, unpacks it, and passes it on within the
 * bounds of its method. A body beyond them throws before it is decoded, and where possible before
 * it is read: RESOURCE_EXHAUSTED for its bytes, INVALID_ARGUMENT for its values. A malformed body is
 * passed on as it is: the decoder describes what is wrong.
 */
async function* boundedBody(
  request: IncomingMessage,
  body: BoundedBody,
): AsyncIterable<Uint8Array> {
  const bytes = await readWhole(request, body);
  body.onWhole();
  const unpacked = body.hasEnvelopes
    ? await unpackEnvelopes(bytes, body)
    : await unpack(bytes, body, body.compression);
  await body.onUnpacked(unpacked.length);
  yield unpacked;
}

/** Reads by events: an iterator costs several times as much. */
function readWhole(
  request: IncomingMessage,
  { bounds, hasEnvelopes, length }: BoundedBody,
): Promise<Uint8Array> {
  const max = bounds.bytes + (hasEnvelopes ? ENVELOPE_HEAD : 0);
  if (length > max) return Promise.reject(tooLarge(bounds));
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    const onData = (chunk: Uint8Array) => {
      size += chunk.length;
      if (size <= max) {
        chunks.push(chunk);
        return;
      }
      request.off("data", onData).pause();
      reject(tooLarge(bounds));
    };
    const left = () => {
      if (!request.readableEnded) reject(new ConnectError("the client left", Code.Canceled));
    };
    request.on("data", onData).once("error", left).once("close", left);
    request.once("end", () => {
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    });
  });
}

/** Unpacks each message in an envelope. What is no whole envelope stays as it is. */
async function unpackEnvelopes(bytes: Uint8Array, body: BoundedBody): Promise<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let at = 0;
  while (at + ENVELOPE_HEAD <= bytes.length) {
    const length = view.getUint32(at + 1);
    if (length > body.bounds.bytes) throw tooLarge(body.bounds);
    const end = at + ENVELOPE_HEAD + length;
    if (end > bytes.length) break;
    const flags = view.getUint8(at);
    const compression = flags & COMPRESSED ? body.compression : undefined;
    const message = await unpack(bytes.subarray(at + ENVELOPE_HEAD, end), body, compression);
    if (compression) parts.push(envelopeHead(flags & ~COMPRESSED, message.length), message);
    else parts.push(bytes.subarray(at, end));
    at = end;
  }
  if (at === bytes.length && parts.length === 1 && parts[0]) return parts[0];
  return Buffer.concat([...parts, bytes.subarray(at)]);
}

function envelopeHead(flags: number, length: number): Uint8Array {
  const head = Buffer.alloc(ENVELOPE_HEAD);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(length, 1);
  return head;
}

async function unpack(
  bytes: Uint8Array,
  { message, bounds, isBinary }: BoundedBody,
  compression: Compression | undefined,
): Promise<Uint8Array> {
  const max = Math.min(bounds.bytes, Math.max(MIN_UNPACKED_BYTES, bytes.length * bounds.ratio));
  const plain = compression ? await compression.decompress(bytes, max) : bytes;
  const excess = isBinary ? excessOfBinary(message, plain, bounds.values) : undefined;
  if (excess !== undefined) throw malformed("request", excess);
  return plain;
}

function tooLarge({ bytes }: RequestBounds): ConnectError {
  return new ConnectError(`the request has more than ${bytes} bytes`, Code.ResourceExhausted);
}
