import assert from "node:assert/strict";
import { connect as connect2 } from "node:http2";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { createLog } from "../telemetry/log.ts";
import { ANSWERED, type HttpServer, startHttpServer } from "./server.ts";

const MIB = 1024 * 1024;
/** Larger than what the kernel buffers for a connection, and than an HTTP/2 window. */
const SIZES = { "/large": 16 * MIB, "/larger than a window": 2 * MIB };
const ANSWER_MS = 500;

describe("an answer that its client does not read", () => {
  let server: HttpServer;
  let ended: Promise<unknown>;
  beforeEach(async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    ended = promise;
    server = await startHttpServer({
      listen: { host: "127.0.0.1", port: 0 },
      log: createLog("test", "silent"),
      http2: true,
      limits: { answerMs: ANSWER_MS },
      async handle(request, response) {
        response.once("close", () => resolve(Date.now()));
        const size = SIZES[decodeURI(request.url ?? "") as keyof typeof SIZES];
        if (size !== undefined) return { status: 200, body: Buffer.alloc(size) };
        response.write("a");
        await pause(3 * ANSWER_MS);
        response.end("b");
        return ANSWERED;
      },
    });
  });
  afterEach(() => server.stop());

  const open1 = (path: string) => {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    return socket;
  };
  const open2 = (path: string) => {
    const session = connect2(`http://127.0.0.1:${server.port}`);
    session.on("error", () => {});
    const stream = session.request({ ":path": path });
    stream.on("error", () => {});
    return { session, stream };
  };

  it("is ended over HTTP/1.1, with its connection", async () => {
    const socket = open1("/large").pause();
    await ended;
    socket.destroy();
  });

  it("is ended over HTTP/2, while the other streams of the connection continue", async () => {
    const { session, stream } = open2("/larger%20than%20a%20window");
    stream.pause();
    await ended;
    const other = session.request({ ":path": "/quiet" });
    let text = "";
    for await (const piece of other.setEncoding("utf8")) text += piece;
    assert.equal(text, "ab");
    assert.equal(stream.rstCode, 8);
    session.destroy();
  });

  it("is not ended while the client reads some of it from time to time", async () => {
    const taking = [open1("/large"), open2("/larger%20than%20a%20window").stream].map(
      async (source, index) => {
        const begun = Date.now();
        let taken = 0;
        for await (const piece of source) {
          taken += (piece as Buffer).length;
          if (Date.now() - begun < 3 * ANSWER_MS) await pause(index === 0 ? 5 : 20);
        }
        assert.ok(taken >= 2 * MIB, `${taken} bytes`);
        assert.ok(Date.now() - begun > 2 * ANSWER_MS);
      },
    );
    await Promise.all(taking);
  });

  it("does not include an answer that sends nothing for a long time", async () => {
    const socket = open1("/quiet");
    let text = "";
    for await (const piece of socket.setEncoding("utf8")) text += piece;
    assert.match(text, /a\r\n1\r\nb\r\n0/);
    const { session, stream } = open2("/quiet");
    const pieces: string[] = [];
    for await (const piece of stream.setEncoding("utf8")) pieces.push(piece);
    assert.equal(pieces.join(""), "ab");
    session.destroy();
  });
});
