import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, connect as connect2, constants } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { frame } from "../../../testbed/calls/http2-call.ts";

export type StreamCall = { path: string; token: string; orderId: bigint };

/** A response stream whose first bytes have arrived. */
type OpenStream = {
  /** Abandons the response: "cancel" ends the stream, "reset" resets its connection. */
  leave(how: "cancel" | "reset"): void;
  /** Stops reading. */
  pause(): void;
  /** Resolves to all text received, once the stream has closed. */
  ended: Promise<string>;
};

const bodyOf = ({ orderId }: StreamCall) =>
  frame(Buffer.from(JSON.stringify({ orderId: String(orderId) })));

/** Opens a stream over HTTP/1.1, on its own connection. Cancelling it closes the connection. */
export async function openHttp1(port: number, call: StreamCall): Promise<OpenStream> {
  const socket = connectTcp(port, "127.0.0.1");
  const head = [
    `POST ${call.path} HTTP/1.1`,
    "host: shop",
    "connection: close",
    "content-type: application/connect+json",
    `authorization: Bearer ${call.token}`,
    `content-length: ${bodyOf(call).length}`,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  socket.write(bodyOf(call));
  const text = textOf(socket);
  await firstData(socket);
  return {
    leave: (how) => (how === "cancel" ? socket.destroy() : socket.resetAndDestroy()),
    pause: () => socket.pause(),
    ended: text,
  };
}

/** Opens a stream over HTTP/2, on a connection that other streams may share. */
export async function openHttp2(
  { session, socket }: Http2Connection,
  call: StreamCall,
): Promise<OpenStream> {
  const stream = session.request({
    ":method": "POST",
    ":path": call.path,
    "content-type": "application/connect+json",
    authorization: `Bearer ${call.token}`,
  });
  stream.on("error", () => {});
  stream.end(bodyOf(call));
  const text = textOf(stream);
  await firstData(stream);
  return {
    leave: (how) => {
      if (how === "cancel") stream.close(constants.NGHTTP2_CANCEL);
      else socket.resetAndDestroy();
    },
    pause: () => stream.pause(),
    ended: text,
  };
}

type Http2Connection = { session: ClientHttp2Session; socket: Socket };

/** Connects over HTTP/2. Errors of the connection are ignored: the tests break it on purpose. */
export function connectHttp2(url: string): Http2Connection {
  const { port, hostname } = new URL(url);
  const socket = connectTcp(Number(port), hostname);
  socket.on("error", () => {});
  const session = connect2(url, { createConnection: () => socket });
  session.on("error", () => {});
  return { session, socket };
}

type Source = NodeJS.ReadableStream & { destroyed?: boolean };

function textOf(source: Source): Promise<string> {
  const chunks: Buffer[] = [];
  source.on("data", (chunk: Buffer) => chunks.push(chunk));
  source.on("error", () => {});
  return new Promise((resolve) =>
    source.once("close", () => resolve(Buffer.concat(chunks).toString())),
  );
}

async function firstData(source: Source): Promise<void> {
  const closed = once(source, "close").then(() => assert.fail("closed before any data arrived"));
  await Promise.race([once(source, "data"), closed]);
}

/** Sends these bytes over HTTP/1.1 and never reads the response. */
export async function sendWithoutReading(port: number, bytes: Uint8Array): Promise<Socket> {
  const socket = connectTcp(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.pause();
  socket.write(bytes);
  return socket;
}

/** A complete HTTP/1.1 request with a JSON body. */
export function requestBytes(path: string, body: string): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n`;
  return Buffer.from(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/**
 * Sends the last bytes of the request one per second, so that it exceeds the request timeout.
 * Resolves to the status line of the response, or "" if there is none.
 */
export function dripOverHttp1(port: number, bytes: Buffer): Promise<string> {
  const sentAtOnce = bytes.length - 20;
  const socket = connectTcp(port, "127.0.0.1", () => socket.write(bytes.subarray(0, sentAtOnce)));
  const text = textOf(socket);
  const timer = setInterval(() => socket.write("x"), 1_000);
  socket.once("close", () => clearInterval(timer));
  return text.then((answer) => answer.split("\r\n", 1)[0] ?? "");
}

/** The same over HTTP/2. Resolves when the stream is closed. */
export function dripOverHttp2({ session }: Http2Connection, path: string): Promise<void> {
  const fields = { ":method": "POST", ":path": path, "content-type": "application/json" };
  const stream = session.request(fields);
  stream.on("error", () => {});
  stream.resume();
  stream.write('{"goodsId"');
  const timer = setInterval(() => stream.write(" "), 1_000);
  return new Promise((resolve) =>
    stream.once("close", () => {
      clearInterval(timer);
      resolve();
    }),
  );
}
