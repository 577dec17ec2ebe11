import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, connect as connect2, constants } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { frame } from "../../../testbed/calls/http2-call.ts";

export type StreamCall = { path: string; token: string; orderId: bigint };

/** A stream of which the first piece has come. */
export type OpenStream = {
  /** Leaves it in the middle: the stream, or with its connection. */
  leave(how: "cancel" | "reset"): void;
  /** Reads no more. */
  pause(): void;
  /** All that has come, once it is at its end. */
  ended: Promise<string>;
};

const bodyOf = ({ orderId }: StreamCall) =>
  frame(Buffer.from(JSON.stringify({ orderId: String(orderId) })));

/** Over HTTP/1.1, where a stream has a connection of its own: to cancel it is to close that. */
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
  await firstPiece(socket);
  return {
    leave: (how) => (how === "cancel" ? socket.destroy() : socket.resetAndDestroy()),
    pause: () => socket.pause(),
    ended: text,
  };
}

/** Over HTTP/2, on a connection that it may share with others. */
export async function openHttp2(
  { session, socket }: Connection2,
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
  await firstPiece(stream);
  return {
    leave: (how) => {
      if (how === "cancel") stream.close(constants.NGHTTP2_CANCEL);
      else socket.resetAndDestroy();
    },
    pause: () => stream.pause(),
    ended: text,
  };
}

export type Connection2 = { session: ClientHttp2Session; socket: Socket };

/** A connection of HTTP/2 whose end is nobody's error. */
export function connection2(url: string): Connection2 {
  const { port, hostname } = new URL(url);
  const socket = connectTcp(Number(port), hostname);
  socket.on("error", () => {});
  const session = connect2(url, { createConnection: () => socket });
  session.on("error", () => {});
  return { session, socket };
}

type Source = NodeJS.ReadableStream & { destroyed?: boolean };

function textOf(source: Source): Promise<string> {
  const pieces: Buffer[] = [];
  source.on("data", (piece: Buffer) => pieces.push(piece));
  source.on("error", () => {});
  return new Promise((resolve) =>
    source.once("close", () => resolve(Buffer.concat(pieces).toString())),
  );
}

async function firstPiece(source: Source): Promise<void> {
  const closed = once(source, "close").then(() => assert.fail("ended before anything came"));
  await Promise.race([once(source, "data"), closed]);
}

/** Sends these bytes over a connection of HTTP/1.1 and reads nothing of what comes. */
export async function deaf(port: number, bytes: Uint8Array): Promise<Socket> {
  const socket = connectTcp(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.pause();
  socket.write(bytes);
  return socket;
}

/** A whole request in JSON over HTTP/1.1. */
export function requestBytes(path: string, body: string): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n`;
  return Buffer.from(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/** Sends the last of the request byte by byte, and resolves to how it ended: the first line of the answer, or "". */
export function dripping1(port: number, bytes: Buffer): Promise<string> {
  const whole = bytes.length - 20;
  const socket = connectTcp(port, "127.0.0.1", () => socket.write(bytes.subarray(0, whole)));
  const text = textOf(socket);
  // As slowly as the last byte would come after the time of a request.
  const timer = setInterval(() => socket.write("x"), 1_000);
  socket.once("close", () => clearInterval(timer));
  return text.then((answer) => answer.split("\r\n", 1)[0] ?? "");
}

/** The same over HTTP/2; resolves when the stream is closed. */
export function dripping2({ session }: Connection2, path: string): Promise<void> {
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
