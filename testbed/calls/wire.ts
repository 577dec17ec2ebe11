import { Agent, request as request1 } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";

/** A request as it travels; header values are sent as they are, several of one name too. */
type Sent = {
  path: string;
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: Uint8Array;
  /** Told of each piece of the answer's body. */
  onData?: (() => void) | undefined;
};

/** What came back. `cut`: the stream or the connection ended before the answer was whole. */
export type Heard = {
  http: number;
  headers: Record<string, string>;
  trailers: Record<string, string>;
  body: Buffer;
  cut: boolean;
};

export type Wire = {
  send(sent: Sent): Promise<Heard>;
  close(): void;
};

const WITHIN_MS = 30_000;

/** HTTP/1.1 over a few connections that are kept. */
export function http1(url: string, sockets = 16): Wire {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: sockets });
  return {
    send: ({ path, method = "POST", headers = {}, body = new Uint8Array(), onData }) =>
      new Promise((resolve, reject) => {
        const length = { "content-length": String(body.length) };
        const options = { agent, hostname, port, path, method, timeout: WITHIN_MS };
        const sent = request1({ ...options, headers: { ...length, ...headers } }, (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => {
            chunks.push(chunk);
            onData?.();
          });
          answer.on("error", () => {});
          answer.once("close", () =>
            resolve({
              http: answer.statusCode ?? 0,
              headers: texts(answer.headers),
              trailers: texts(answer.trailers),
              body: Buffer.concat(chunks),
              cut: !answer.complete,
            }),
          );
        });
        sent.once("timeout", () => sent.destroy(new Error(`no answer in ${WITHIN_MS} ms`)));
        sent.once("error", reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}

/** HTTP/2 over one connection, which is opened again where it was closed. */
export function http2(url: string): Wire {
  let session: ClientHttp2Session | undefined;
  const open = () => {
    if (session && !session.closed && !session.destroyed) return session;
    session = connect(url);
    session.on("error", () => {});
    return session;
  };
  return {
    send: ({ path, method = "POST", headers = {}, body = new Uint8Array(), onData }) =>
      new Promise((resolve) => {
        const stream = open().request({ ":method": method, ":path": path, ...headers });
        const heard: Heard = {
          http: 0,
          headers: {},
          trailers: {},
          body: Buffer.alloc(0),
          cut: false,
        };
        const chunks: Buffer[] = [];
        stream.setTimeout(WITHIN_MS, () => stream.close());
        stream.once("response", (fields) => {
          heard.http = Number(fields[":status"]);
          heard.headers = texts(fields);
        });
        stream.once("trailers", (fields) => {
          heard.trailers = texts(fields);
        });
        stream.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          onData?.();
        });
        let ended = false;
        stream.once("end", () => {
          ended = true;
        });
        stream.on("error", () => {});
        stream.once("close", () =>
          resolve({ ...heard, body: Buffer.concat(chunks), cut: !ended || heard.http === 0 }),
        );
        stream.end(Buffer.from(body));
      }),
    close: () => session?.destroy(),
  };
}

function texts(fields: Record<string, unknown>): Record<string, string> {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, String(value)]));
}
