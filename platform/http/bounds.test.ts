import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connect2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { createLog } from "../telemetry/log.ts";
import { type HttpHandler, type HttpLimits, type HttpServer, startHttpServer } from "./server.ts";

const MIB = 1024 * 1024;
/** More than the kernel buffers for a connection. */
const LARGE = Buffer.alloc(16 * MIB);
const GET = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

describe("the HTTP server, with a client that takes more than its part,", () => {
  let server: HttpServer;
  let sockets: Socket[];
  let crowded: string[];
  beforeEach(() => {
    sockets = [];
    crowded = [];
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await server.stop();
  });

  async function serve(limits: Partial<HttpLimits>, handle: HttpHandler): Promise<void> {
    server = await startHttpServer({
      listen: { host: "127.0.0.1", port: 0 },
      log: createLog("test", "silent"),
      http2: true,
      clients: {
        clientOf: (address) => address,
        isCutOff: (client) => client === "127.0.0.6",
        onCrowded: (client) => crowded.push(client),
      },
      limits,
      handle,
    });
  }
  const small: HttpHandler = async () => ({ status: 200, body: "ok" });
  const open = async (localAddress = "127.0.0.2") => {
    const socket = connect({ port: server.port, host: "127.0.0.1", localAddress });
    sockets.push(socket.on("error", () => {}));
    await once(socket, "connect");
    return socket;
  };
  /** Sends a request and resolves to whether it was answered: false if the connection closed. */
  const ask = async (socket: Socket): Promise<boolean> => {
    if (socket.destroyed) return false;
    socket.resume().write(GET);
    const closed = once(socket, "close").then(() => false);
    return Promise.race([once(socket, "data").then(() => true), closed]);
  };
  const opened = async (count: number, from?: string) => {
    const made: Socket[] = [];
    for (let index = 0; index < count; index += 1) {
      const socket = await open(from);
      assert.ok(await ask(socket));
      made.push(socket);
    }
    return made as [Socket, ...Socket[]];
  };

  it("begins a pipelined request when the answer to the one before was taken", async () => {
    let begun = 0;
    await serve({}, async () => {
      begun += 1;
      return { status: 200, body: LARGE };
    });
    const socket = await open();
    socket.pause().write(GET.repeat(20));
    await pause(500);
    assert.equal(begun, 1);
    socket.resume();
    let taken = 0;
    socket.on("data", (piece: Buffer) => {
      taken += piece.length;
    });
    while (taken < 20 * LARGE.length) await once(socket, "data");
    assert.equal(begun, 20);
  });

  it("cuts off a connection with more than 32 pipelined requests waiting", async () => {
    let begun = 0;
    await serve({}, async () => {
      begun += 1;
      return { status: 200, body: LARGE };
    });
    const socket = await open();
    const closed = once(socket, "close");
    socket.resume().write(GET.repeat(600));
    await closed;
    assert.equal(begun, 1);
  });

  it("closes the client's oldest idle connection for one more, and no one else's", async () => {
    await serve({ maxConnectionsPerClient: 3 }, small);
    const [other] = await opened(1, "127.0.0.3");
    const [first, ...rest] = await opened(3);
    const closed = once(first, "close");
    const [newest] = await opened(1);
    await closed;
    for (const socket of [other, ...rest, newest]) assert.ok(socket && (await ask(socket)));
    assert.deepEqual(crowded, ["127.0.0.2"]);
  });

  it("closes the oldest idle connection of all when there are too many", async () => {
    await serve({ maxConnections: 3 }, small);
    const [first] = await opened(1, "127.0.0.3");
    const [, second] = await opened(2, "127.0.0.4");
    // Used last, so the other one has been idle for longer.
    assert.ok(await ask(first));
    await opened(1, "127.0.0.5");
    assert.ok(await ask(first));
    assert.ok(second && (await ask(second)));
  });

  it("closes each connection of a client that is cut off", async () => {
    await serve({}, small);
    const socket = await open("127.0.0.6");
    assert.equal(await ask(socket), false);
    assert.ok(await ask(await open("127.0.0.7")));
  });

  it("refuses a connection when all others have requests under way, over both versions", async () => {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    await serve({ maxConnectionsPerClient: 2 }, async () => {
      await over;
      return { status: 200, body: "ok" };
    });
    const answered = ask(await open());
    const socket = await open();
    const session = connect2(`http://127.0.0.1:${server.port}`, { createConnection: () => socket });
    const stream = session.request({ ":path": "/" });
    await pause(200);
    const third = await open();
    assert.equal(await ask(third), false);
    resolve();
    assert.ok(await answered);
    await once(stream, "response");
    session.destroy();
  });

  it("keeps the bytes of an answer once, however many clients do not read it", async () => {
    await serve({}, async () => ({ status: 200, body: LARGE }));
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 20; count += 1) (await open()).pause().write(GET);
    await pause(500);
    const grown = (process.memoryUsage().arrayBuffers - before) / MIB;
    assert.ok(grown < 64, `${grown} MiB`);
  });

  it("ends an answer that a client takes too slowly, though without a pause", async function () {
    this.timeout(15_000);
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    await serve({ answerMs: 200 }, async (_, response) => {
      response.once("close", () => resolve());
      return { status: 200, body: LARGE };
    });
    const socket = await open();
    socket.write(GET);
    const slow = setInterval(() => socket.read(64 * 1_024), 100);
    await ended;
    clearInterval(slow);
  });
});
