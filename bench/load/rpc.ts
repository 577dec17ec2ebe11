import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import { status } from "@grpc/grpc-js";

/**
 * A minimal gRPC client on Node's HTTP/2, for requests that are bytes already. The load shares the
 * machine with its target, and a general client library would use as much CPU for a call as a
 * service does for its answer.
 */
export type Rpc = {
  /** Resolves to the bytes of the answer; rejects with CallFailed. */
  call(path: string, body: Buffer, caller: Caller): Promise<Buffer>;
  /** Resolves to the first message of a stream, which is then cancelled. */
  first(path: string, body: Buffer, caller: Caller): Promise<Buffer>;
  close(): void;
};

/** The caller, as a header. */
export type Caller = { authorization: string };

export const callerOf = (token: string): Caller => ({ authorization: `Bearer ${token}` });

/** A call that was refused or not answered. */
export class CallFailed extends Error {
  readonly code: status;

  constructor(code: status, details: string) {
    super(details);
    this.code = code;
  }
}

/** The status and the shop's reason, such as "RESOURCE_EXHAUSTED RATE_LIMITED". */
export function outcomeOf(error: unknown): string {
  if (!(error instanceof CallFailed)) return error instanceof Error ? error.message : String(error);
  const reason = /^[A-Z_]+$/.exec(error.message)?.[0];
  return reason === undefined ? `${status[error.code]}` : `${status[error.code]} ${reason}`;
}

const TIMEOUT_SECONDS = 10;
const LOOK_EVERY_MS = 1_000;
/** The prefix of a message: its compression flag, which is never set here, and its length. */
const PREFIX_BYTES = 5;

/**
 * `address` is host:port, or a list in the form of gRPC's resolver, whose addresses are used in
 * turn.
 */
export function openRpc(address: string): Rpc {
  const origins = address.replace(/^ipv4:/, "").split(",");
  const sessions = new Map<string, ClientHttp2Session>();
  const pending = new Map<ClientHttp2Stream, number>();
  let calls = 0;

  const sessionOf = (origin: string) => {
    const known = sessions.get(origin);
    if (known && !known.closed && !known.destroyed) return known;
    const session = connect(`http://${origin}`);
    // Each call of the session reports its own failure.
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

/** The message at the start of these bytes; undefined while it is incomplete. */
function messageIn(bytes: Buffer): Buffer | undefined {
  if (bytes.length < PREFIX_BYTES) return undefined;
  const end = PREFIX_BYTES + bytes.readUInt32BE(1);
  return bytes.length < end ? undefined : bytes.subarray(PREFIX_BYTES, end);
}

/** Calls `end` when a call has ended, with what was received, and with the failure if it failed. */
function onEnd(
  stream: ClientHttp2Stream,
  end: (bytes: Buffer, failure?: CallFailed) => void,
): void {
  const chunks: Buffer[] = [];
  let received: IncomingHttpHeaders = {};
  let lost = "no answer in time";
  const readStatus = (headers: IncomingHttpHeaders) => {
    if ("grpc-status" in headers) received = headers;
  };
  stream.on("response", readStatus);
  stream.on("trailers", readStatus);
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("error", (error) => {
    lost = error.message;
  });
  // Comes last: trailers may be reported before the data that they follow.
  stream.on("close", () => {
    const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    const code = received["grpc-status"];
    if (code === "0") return end(bytes);
    if (code !== undefined) {
      const details = decodeURIComponent(String(received["grpc-message"] ?? ""));
      return end(bytes, new CallFailed(Number(code), details));
    }
    const isLate = stream.rstCode === constants.NGHTTP2_CANCEL;
    end(bytes, new CallFailed(isLate ? status.DEADLINE_EXCEEDED : status.UNAVAILABLE, lost));
  });
}

function answered(stream: ClientHttp2Stream): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    onEnd(stream, (bytes, failure) => {
      const message = messageIn(bytes);
      if (message && !failure) resolve(message);
      else reject(failure ?? new CallFailed(status.INTERNAL, "the answer has no message"));
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
    onEnd(stream, (_, failure) => {
      reject(failure ?? new CallFailed(status.INTERNAL, "the stream ended without a message"));
    });
  });
}
