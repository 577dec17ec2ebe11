import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connect2 } from "node:http2";
import { connect, type Socket } from "node:net";
import type { Target } from "./target.ts";

/** Opens a TCP connection from the attacker's address. Errors are expected and ignored. */
export function openSocket({ port, from }: Target): Socket {
  return connect({ port, host: "127.0.0.1", localAddress: from }).on("error", () => {});
}

/** Opens an HTTP/2 connection from the attacker's address. Undefined if it is refused. */
export async function openSession(target: Target): Promise<ClientHttp2Session | undefined> {
  const socket = openSocket(target);
  const session = connect2(`http://127.0.0.1:${target.port}`, { createConnection: () => socket });
  session.on("error", () => {});
  const gone = new Promise<undefined>((resolve) => session.once("close", () => resolve(undefined)));
  return Promise.race([once(session, "connect").then(() => session), gone]);
}

/** Opens a stream of a session. Undefined if the session takes no more. */
export function openStream(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  options: { endStream?: boolean } = {},
): ClientHttp2Stream | undefined {
  try {
    return session.request(headers, options).on("error", () => {});
  } catch {
    return undefined;
  }
}

/** A whole HTTP/1.1 request. */
export function http1Request(
  path: string,
  headers: Record<string, string> = {},
  body: Uint8Array = Buffer.alloc(0),
): Buffer {
  const method = body.length > 0 ? "POST" : "GET";
  const length: Record<string, string> =
    body.length > 0 ? { "content-length": String(body.length) } : {};
  const lines = Object.entries({ host: "127.0.0.1", ...headers, ...length });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${head}\r\n`), body]);
}

/** Calls `act` so many times per second, in steps of 20 ms, until the signal. */
export async function atRate(
  perSecond: number,
  signal: AbortSignal,
  act: () => void,
): Promise<void> {
  const STEP_MS = 20;
  let due = 0;
  const timer = setInterval(() => {
    for (due += (perSecond * STEP_MS) / 1_000; due >= 1; due -= 1) act();
  }, STEP_MS);
  if (!signal.aborted) await once(signal, "abort");
  clearInterval(timer);
}
