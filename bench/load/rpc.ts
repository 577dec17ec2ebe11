import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import { status } from "@grpc/grpc-js";

/**
 * gRPC by hand on Node's HTTP/2, with requests that are bytes already: the load shares the machine with what it loads,
 * and a client library made for applications takes as much of it as a service does for its answer.
 */
export type Rpc = {
  /** Resolves to the answer's bytes; rejects with NotDone. */
  call(path: string, body: Buffer, caller: Caller): Promise<Buffer>;
  /** Resolves to the first message of a stream, which is then left. */
  first(path: string, body: Buffer, caller: Caller): Promise<Buffer>;
  close(): void;
};

/** Who calls, as a header says it. */
export type Caller = { authorization: string };

export const callerOf = (token: string): Caller => ({ authorization: `Bearer ${token}` });

/** A call that was refused, or got no answer. */
export class NotDone extends Error {
  readonly code: status;

  constructor(code: status, details: string) {
    super(details);
    this.code = code;
  }
}

/** "RESOURCE_EXHAUSTED RATE_LIMITED": the status, and what the shop said why. */
export function outcomeOf(error: unknown): string {
  if (!(error instanceof NotDone)) return error instanceof Error ? error.message : String(error);
  const reason = /^[A-Z_]+$/.exec(error.message)?.[0];
  return reason === undefined ? `${status[error.code]}` : `${status[error.code]} ${reason}`;
}

const TIMEOUT_SECONDS = 10;
const LOOK_EVERY_MS = 1_000;
/** Before a message: whether it is compressed, which it never is here, and how long it is. */
const PREFIX_BYTES = 5;

/** `address` is host:port, or a list as gRPC's resolver takes it; then each gets its share. */
export function openRpc(address: string): Rpc {
  const origins = address.replace(/^ipv4:/, "").split(",");
  const sessions = new Map<string, ClientHttp2Session>();
  const pending = new Map<ClientHttp2Stream, number>();
  let calls = 0;

  const sessionOf = (origin: string) => {
    const known = sessions.get(origin);
    if (known && !known.closed && !known.destroyed) return known;
    const session = connect(`http://${origin}`);
    // Each of its calls tells by itself that it is lost.
    session.on("error", () => {});
    sessions.set(origin, session);
    return session;
  };
  const request = (path: string, body: Buffer, caller: Caller): ClientHttp2Stream => {
    calls += 1;
    const stream = sessionOf(origins[calls % origins.length] as string).request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      "grpc-timeout": `${TIMEOUT_SECONDS}S`,
      authorization: caller.authorization,
    });
    pending.set(stream, performance.now());
    stream.once("close", () => pending.delete(stream));
    stream.end(framed(body));
    return stream;
  };
  const watching = setInterval(() => {
    const lateMs = performance.now() - TIMEOUT_SECONDS * 1_000;
    for (const [stream, beganMs] of pending) {
      if (beganMs > lateMs) return;
      stream.close(constants.NGHTTP2_CANCEL);
    }
  }, LOOK_EVERY_MS);

  return {
    call: (path, body, caller) => answered(request(path, body, caller)),
    first: (path, body, caller) => firstOf(request(path, body, caller)),
    close() {
      clearInterval(watching);
      for (const session of sessions.values()) session.close();
    },
  };
}

function framed(body: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + body.length);
  frame[0] = 0;
  frame.writeUInt32BE(body.length, 1);
  body.copy(frame, PREFIX_BYTES);
  return frame;
}

/** The message that these bytes begin with; undefined where it is not there yet. */
function messageIn(bytes: Buffer): Buffer | undefined {
  if (bytes.length < PREFIX_BYTES) return undefined;
  const end = PREFIX_BYTES + bytes.readUInt32BE(1);
  return bytes.length < end ? undefined : bytes.subarray(PREFIX_BYTES, end);
}

/** Hears how a call ends: `end` gets what came, and undefined where it ended well. */
function hear(stream: ClientHttp2Stream, end: (bytes: Buffer, failure?: NotDone) => void): void {
  const chunks: Buffer[] = [];
  let told: IncomingHttpHeaders = {};
  let lost = "no answer in time";
  const hearStatus = (headers: IncomingHttpHeaders) => {
    if ("grpc-status" in headers) told = headers;
  };
  stream.on("response", hearStatus);
  stream.on("trailers", hearStatus);
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("error", (error) => {
    lost = error.message;
  });
  // Last of all: trailers may come before the data that they follow.
  stream.on("close", () => {
    const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    const code = told["grpc-status"];
    if (code === "0") return end(bytes);
    if (code !== undefined) {
      const details = decodeURIComponent(String(told["grpc-message"] ?? ""));
      return end(bytes, new NotDone(Number(code), details));
    }
    const isLate = stream.rstCode === constants.NGHTTP2_CANCEL;
    end(bytes, new NotDone(isLate ? status.DEADLINE_EXCEEDED : status.UNAVAILABLE, lost));
  });
}

function answered(stream: ClientHttp2Stream): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    hear(stream, (bytes, failure) => {
      const message = messageIn(bytes);
      if (message && !failure) resolve(message);
      else reject(failure ?? new NotDone(status.INTERNAL, "an answer without a message"));
    });
  });
}

function firstOf(stream: ClientHttp2Stream): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    stream.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const message = messageIn(bytes);
      if (!message) return;
      resolve(message);
      stream.close(constants.NGHTTP2_CANCEL);
    });
    hear(stream, (_, failure) => {
      reject(failure ?? new NotDone(status.INTERNAL, "a stream that ended without a message"));
    });
  });
}
