import { Agent, request as request1 } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";

/** A request as it is sent. A header with several values is sent several times. */
type Sent = {
  path: string;
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: Uint8Array;
  /** Called for each chunk of the response body. */
  onData?: (() => void) | undefined;
};

/** The response. `cut`: the stream or connection ended before the response was complete. */
export type WireAnswer = {
  http: number;
  headers: Record<string, string>;
  trailers: Record<string, string>;
  body: Buffer;
  cut: boolean;
};

export type Wire = {
  send(sent: Sent): Promise<WireAnswer>;
  close(): void;
};

const WITHIN_MS = 30_000;

/** HTTP/1.1 over a pool of persistent connections. */
export function http1(url: string, sockets = 16): Wire {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: sockets });
  return {
    send: ({ path, method = "POST", headers = {}, body = new Uint8Array(), onData }) =>
      new Promise((resolve, reject) => {
        const length = { "content-length": String(body.length) };
        const options = { agent, hostname, port, path, method, timeout: WITHIN_MS };
        const sent = request1({ ...options, headers: { ...length, ...headers } }, (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => {
            chunks.push(chunk);
            onData?.();
          });
          response.on("error", () => {});
          response.once("close", () =>
            resolve({
              http: response.statusCode ?? 0,
              headers: texts(response.headers),
              trailers: texts(response.trailers),
              body: Buffer.concat(chunks),
              cut: !response.complete,
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

/** HTTP/2 over one connection, which is reopened after it closed. */
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
        const answer: WireAnswer = {
          http: 0,
          headers: {},
          trailers: {},
          body: Buffer.alloc(0),
          cut: false,
        };
        const chunks: Buffer[] = [];
        stream.setTimeout(WITHIN_MS, () => stream.close());
        stream.once("response", (fields) => {
          answer.http = Number(fields[":status"]);
          answer.headers = texts(fields);
        });
        stream.once("trailers", (fields) => {
          answer.trailers = texts(fields);
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
          resolve({ ...answer, body: Buffer.concat(chunks), cut: !ended || answer.http === 0 }),
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
