import type { Server } from "node:http";
import {
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { Socket } from "node:net";
import type { Connections } from "./connections.ts";

/**
 * The first bytes of an HTTP/2 connection (RFC 9113, 3.4). No method of HTTP/1.1 begins like this.
 */
const PREFACE = "PRI";

/** Concurrent streams of one connection. A client with more requests waits or opens another one. */
const MAX_STREAMS = 250;
/** A connection is ended when its client resets streams faster than this (CVE-2023-44487). */
const RESET_BURST = 1_000;
const RESETS_PER_SECOND = 33;

/** Time for the trailers to leave: Node has no event for that. */
const TRAILERS_MS = 100;

type Listener = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

type Http2Limits = {
  maxHeaderBytes: number;
  maxHeaders: number;
  /** Until the first bytes of a connection. */
  headersMs: number;
  /** From the headers of a request to its last byte. */
  requestMs: number;
  /** Of a connection without streams. */
  keepAliveMs: number;
  /** Counts the streams of each connection. */
  connections: Connections;
};

type Http2Connections = {
  /** Asks clients to open no more streams, and ends each connection after its last stream. */
  close(): void;
  destroy(): void;
};

/**
 * Makes an HTTP/1.1 server also serve HTTP/2 on the same port, without TLS. The first bytes of a
 * connection decide which of the two it is ("prior knowledge", as gRPC clients do it).
 */
export function serveHttp2(
  server: Server,
  listener: Listener,
  limits: Http2Limits,
): Http2Connections {
  const http2 = createServer(
    {
      maxHeaderListPairs: limits.maxHeaders + 10,
      settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: limits.maxHeaderBytes },
      streamResetBurst: RESET_BURST,
      streamResetRate: RESETS_PER_SECOND,
    },
    (request, response) => {
      boundRequest(request, response, limits.requestMs);
      listener(request, response);
    },
  );
  const { sessions, connect } = trackSessions(http2, limits);
  const serveHttp1 = server.listeners("connection") as ((socket: Socket) => void)[];
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    detectProtocol(socket, limits.headersMs, (isHttp2) => {
      if (isHttp2) {
        // A client of HTTP/1.1 may end its side and still read. A client of HTTP/2 that ends its
        // side has left.
        socket.allowHalfOpen = false;
        connect(socket);
        return;
      }
      for (const serve of serveHttp1) serve.call(server, socket);
      socket.resume();
    });
  });
  return {
    close: () => {
      for (const session of sessions) session.close();
    },
    destroy: () => {
      for (const session of sessions) session.destroy();
    },
  };
}

/**
 * The open sessions, and what makes one of a connection. A session without streams is closed after
 * `keepAliveMs`.
 */
function trackSessions(
  http2: Http2Server,
  { keepAliveMs, connections }: Http2Limits,
): { sessions: ReadonlySet<ServerHttp2Session>; connect(socket: Socket): void } {
  const sessions = new Set<ServerHttp2Session>();
  const track = (session: ServerHttp2Session, socket: Socket) => {
    let streams = 0;
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("error", () => {});
    session.on("stream", (stream) => {
      streams += 1;
      connections.begin(socket);
      stream.once("close", () => {
        streams -= 1;
        connections.end(socket);
      });
    });
    session.setTimeout(keepAliveMs, () => {
      if (streams === 0) session.close();
    });
  };
  const connect = (socket: Socket) => {
    // Node creates the session, and emits it, within this call.
    http2.once("session", (session) => track(session, socket));
    http2.emit("connection", socket);
  };
  return { sessions, connect };
}

/**
 * Calls back as soon as the first bytes identify the protocol. The bytes are still to be read then.
 */
function detectProtocol(
  socket: Socket,
  timeoutMs: number,
  onDetected: (isHttp2: boolean) => void,
): void {
  let seen = Buffer.alloc(0);
  const late = setTimeout(() => socket.destroy(), timeoutMs);
  const onError = () => socket.destroy();
  const onData = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    const start = seen.toString("latin1", 0, PREFACE.length);
    if (start.length < PREFACE.length && PREFACE.startsWith(start)) return;
    stopListening();
    socket.pause();
    socket.unshift(seen);
    onDetected(start === PREFACE);
  };
  const stopListening = () => {
    clearTimeout(late);
    socket.off("data", onData);
    socket.off("error", onError);
    socket.off("close", stopListening);
  };
  socket.on("data", onData);
  socket.on("error", onError);
  socket.on("close", stopListening);
}

/** Ends a request that takes too long: Node limits that time over HTTP/1.1 only. */
function boundRequest(
  request: Http2ServerRequest,
  response: Http2ServerResponse,
  requestMs: number,
): void {
  const late = setTimeout(() => response.stream?.close(), requestMs);
  request.once("end", () => clearTimeout(late));
  request.once("close", () => clearTimeout(late));
  // A client that has the whole answer need not send the rest of its request (RFC 9113, 8.1).
  // Without this, its stream would stay half open.
  const { stream } = response;
  stream.once("finish", () => {
    if (request.complete) return;
    const end = () => stream.state.localClose === 1 && stream.close();
    setTimeout(end, TRAILERS_MS).unref();
  });
}
