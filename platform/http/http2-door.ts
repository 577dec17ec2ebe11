import type { Server } from "node:http";
import {
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { Socket } from "node:net";

/** What a client of HTTP/2 begins with (RFC 9113, 3.4); no method of HTTP/1.1 begins so. */
const PREFACE = "PRI";

/** Of one connection; a client with more to ask waits, or opens another. */
const MAX_STREAMS = 250;
/** A connection whose client resets more streams than these is ended (CVE-2023-44487). */
const RESET_BURST = 1_000;
const RESETS_A_SECOND = 33;

/** After the body of an answer come its trailers, and nothing says when they are out. */
const HALF_OPEN_MS = 100;

type Listener = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

export type Http2Limits = {
  maxHeaderBytes: number;
  maxHeaders: number;
  /** For the first bytes of a connection. */
  headersMs: number;
  /** From the headers of a request to its last byte. */
  requestMs: number;
  /** For a connection without a stream. */
  keepAliveMs: number;
};

export type Http2Door = {
  /** Asks clients to open no more streams; ends connections once theirs are done. */
  close(): void;
  destroy(): void;
};

/**
 * Makes a server of HTTP/1.1 understand HTTP/2 on the same port, without TLS: the first bytes of a connection tell
 * which of the two it speaks ("prior knowledge", which is how gRPC clients begin).
 */
export function openHttp2(server: Server, listener: Listener, limits: Http2Limits): Http2Door {
  const sessions = new Set<ServerHttp2Session>();
  const http2 = createServer(
    {
      maxHeaderListPairs: limits.maxHeaders + 10,
      settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: limits.maxHeaderBytes },
      streamResetBurst: RESET_BURST,
      streamResetRate: RESETS_A_SECOND,
    },
    (request, response) => {
      boundRequest(request, response, limits.requestMs);
      listener(request, response);
    },
  );
  http2.on("session", (session) => {
    let streams = 0;
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("error", () => {});
    session.on("stream", (stream) => {
      streams += 1;
      stream.once("close", () => {
        streams -= 1;
      });
    });
    session.setTimeout(limits.keepAliveMs, () => {
      if (streams === 0) session.close();
    });
  });
  const asHttp1 = server.listeners("connection") as ((socket: Socket) => void)[];
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    firstBytes(socket, limits.headersMs, (isHttp2) => {
      if (isHttp2) {
        // A client of HTTP/1.1 may end its side and still read; one of HTTP/2 has left, whatever is still unsent.
        socket.allowHalfOpen = false;
        http2.emit("connection", socket);
        return;
      }
      for (const serve of asHttp1) serve.call(server, socket);
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

/** Calls back as soon as the bytes tell; they are then still to be read. */
function firstBytes(socket: Socket, withinMs: number, tell: (isHttp2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const late = setTimeout(() => socket.destroy(), withinMs);
  const onError = () => socket.destroy();
  const onData = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    const start = seen.toString("latin1", 0, PREFACE.length);
    if (start.length < PREFACE.length && PREFACE.startsWith(start)) return;
    stopListening();
    socket.pause();
    socket.unshift(seen);
    tell(start === PREFACE);
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

/** Node bounds the time of a request over HTTP/1.1 only. */
function boundRequest(
  request: Http2ServerRequest,
  response: Http2ServerResponse,
  withinMs: number,
): void {
  const late = setTimeout(() => response.stream?.close(), withinMs);
  request.once("end", () => clearTimeout(late));
  request.once("close", () => clearTimeout(late));
  // Who has the whole answer need not go on asking (RFC 9113, 8.1). Otherwise the stream would stay half open.
  const { stream } = response;
  stream.once("finish", () => {
    if (request.complete) return;
    const end = () => stream.state.localClose === 1 && stream.close();
    setTimeout(end, HALF_OPEN_MS).unref();
  });
}
