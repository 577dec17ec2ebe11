import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type Http2ServerResponse } from "node:http2";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

export type HttpAnswer = {
  status: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array | Readable;
  /** Nothing more is read from the request; over HTTP/1.1 the connection ends with this answer. */
  close?: boolean;
};

/** An answer that is thrown, such as for a body that is too large. */
export class HttpProblem extends Error {
  readonly answer: HttpAnswer;

  constructor(status: number, text: string, answer: Partial<HttpAnswer> = {}) {
    super(text);
    this.name = "HttpProblem";
    this.answer = { status, ...answer, ...plainText(text, answer.headers) };
  }
}

/** A client that still sends must not lose the answer to a reset of the connection. */
const LINGER_MS = 500;

/** Writes the whole answer, unless one has begun: then what was begun is cut. */
export async function writeAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers = {}, body = "", close = false }: HttpAnswer,
): Promise<void> {
  if (response.headersSent || response.writableEnded) {
    cut(request, response);
    return;
  }
  for (const [name, value] of Object.entries(UNLESS_SET)) {
    if (!response.hasHeader(name)) response.setHeader(name, value);
  }
  if (typeof body !== "string" && !(body instanceof Uint8Array)) {
    response.writeHead(status, headers);
    await pipeline(body, response);
    return;
  }
  const bytes = Buffer.from(body);
  const withoutBody = request.method === "HEAD" || status === 204 || status === 304;
  const sent = withoutBody ? Buffer.alloc(0) : bytes;
  const length = { "content-length": String(bytes.length) };
  if (!close) {
    response.writeHead(status, { ...headers, ...length });
    response.end(sent);
    return;
  }
  const stream = streamOf(response);
  if (stream) {
    response.statusCode = status;
    for (const [name, value] of Object.entries({ ...headers, ...length })) {
      response.setHeader(name, value);
    }
    // Without a body the headers end the stream, which is the form that gRPC wants of an error.
    response.end(sent.length > 0 ? sent : undefined);
    // What still arrives is thrown away; after a while the client is told that nothing more is wanted.
    request.resume();
    const late = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), LINGER_MS);
    stream.once("close", () => clearTimeout(late));
    return;
  }
  request.pause();
  // Past the response object, which would first read the rest of the request.
  response.writeHead(status, { ...headers, ...length, connection: "close" });
  response.flushHeaders();
  if (sent.length > 0) response.write(sent);
  request.socket.end();
  setTimeout(() => request.socket.destroy(), LINGER_MS).unref();
}

/** Nobody keeps an answer or guesses at its type, unless the handler says otherwise. */
const UNLESS_SET = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** Ends the request without an answer: its stream over HTTP/2, its connection otherwise. */
export function cut(request: IncomingMessage, response: ServerResponse): void {
  const stream = streamOf(response);
  if (stream) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else request.socket.destroy();
}

/**
 * The raw body, nothing decoded. A larger one is answered 413, and the connection is closed without reading on.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
): Promise<Buffer> {
  const tooLarge = () => new HttpProblem(413, `at most ${maxBytes} bytes`, { close: true });
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLarge();
  if (request.headers.expect !== undefined) response.writeContinue();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      request.off("data", onData);
      request.pause();
      reject(tooLarge());
    };
    request.on("data", onData);
    request.once("end", () => resolve(Buffer.concat(chunks)));
    request.once("error", reject);
    request.once("close", () => {
      if (!request.readableEnded) reject(new Error("the client left within its body"));
    });
  });
}

/** Without the query; whatever a client may send as the target of its request. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? "").split(/[?#]/, 1)[0] ?? "";
}

/** The host that a request names, over either HTTP. */
export function authorityOf(request: IncomingMessage): string | undefined {
  const authority = request.headers[":authority"] ?? request.headers.host;
  return typeof authority === "string" ? authority : undefined;
}

/** The stream of an answer over HTTP/2, which Node gives the shape of one over HTTP/1.1. */
export function streamOf(response: ServerResponse): Http2ServerResponse["stream"] | undefined {
  return (response as unknown as Partial<Http2ServerResponse>).stream;
}

function plainText(text: string, headers: Record<string, string> = {}) {
  return {
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
    body: `${text}\n`,
  };
}
