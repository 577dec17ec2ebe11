import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "../eventually.ts";
import { cutAtPacket, isCommit, loseReplies, onPublish, repeated, reversed } from "./filters.ts";
import { natsFrames } from "./nats-frames.ts";
import { type EdgeProxy, startProxy } from "./proxy.ts";

/** A client of the proxy, and what it received. */
type Client = { socket: Socket; received: string; closed: boolean; error: string | undefined };

describe("the proxy on an edge", () => {
  let server: Server;
  /**
   * What the server received, over all connections. It answers each packet with "re:" and the
   * packet.
   */
  let arrived: string;
  let proxy: EdgeProxy;
  let clients: Client[];

  beforeEach(async () => {
    arrived = "";
    clients = [];
    server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (bytes) => {
        arrived += bytes;
        socket.write(`re:${bytes}`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    proxy = await startProxy({ from: "a", to: "b", port: (server.address() as AddressInfo).port });
  });

  afterEach(async () => {
    for (const { socket } of clients) socket.destroy();
    await proxy.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  async function client(): Promise<Client> {
    const [host, port] = proxy.address.split(":");
    const socket = connect(Number(port), host);
    const made: Client = { socket, received: "", closed: false, error: undefined };
    clients.push(made);
    socket.on("data", (bytes) => {
      made.received += bytes;
    });
    socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      made.error = code;
    });
    socket.on("close", () => {
      made.closed = true;
    });
    await once(socket, "connect");
    return made;
  }

  /** Sends a packet and waits for the reply. */
  async function ask(one: Client, text: string): Promise<void> {
    one.socket.write(text);
    await eventually(() => assert.ok(one.received.endsWith(`re:${text}`), one.received));
  }

  it("passes everything both ways and counts the packets", async () => {
    const one = await client();
    await ask(one, "1");
    await ask(one, "2");
    assert.equal(arrived, "12");
    assert.equal(proxy.packets(), 4);
    one.socket.end();
    await eventually(() => assert.ok(one.closed));
  });

  it("holds everything in a black hole and releases it when mended", async () => {
    const one = await client();
    await ask(one, "1");
    proxy.set({ kind: "hole" });
    const two = await client();
    one.socket.write("2");
    two.socket.write("3");
    await pause(50);
    assert.equal(arrived, "1");
    proxy.mend();
    await eventually(() => assert.deepEqual([one.received, two.received], ["re:1re:2", "re:3"]));
  });

  it("holds only replies when the way is named", async () => {
    const one = await client();
    proxy.set({ kind: "hole", way: "reply" });
    one.socket.write("1");
    await eventually(() => assert.equal(arrived, "1"));
    await pause(50);
    assert.equal(one.received, "");
    proxy.mend();
    await eventually(() => assert.equal(one.received, "re:1"));
  });

  it("resets existing and new connections until mended", async () => {
    const one = await client();
    await ask(one, "1");
    proxy.set({ kind: "reset" });
    await eventually(() => assert.equal(one.error, "ECONNRESET"));
    // The reset may come before the connection is established.
    await client().catch(() => {});
    await eventually(() => assert.ok(clients.every(({ closed }) => closed)));
    proxy.mend();
    await ask(await client(), "2");
  });

  it("delays without changing the order, and throttles", async () => {
    const one = await client();
    proxy.set({ kind: "delay", ms: 80 });
    const begin = Date.now();
    one.socket.write("1");
    await pause(10);
    one.socket.write("2");
    await eventually(() => assert.equal(one.received.replaceAll("re:", ""), "12"));
    assert.ok(Date.now() - begin >= 150, "80 ms each way");
    proxy.set({ kind: "throttle", bytesPerSecond: 1_000 });
    const throttled = Date.now();
    one.socket.write("x".repeat(100));
    await eventually(() => assert.ok(one.received.endsWith("x".repeat(100))));
    assert.ok(Date.now() - throttled >= 150, "100 bytes each way");
  });

  it("resets before and after the n-th packet", async () => {
    const before = cutAtPacket(2, "before", "request");
    proxy.filter(before.filter);
    const one = await client();
    await ask(one, "1");
    one.socket.write("2");
    await eventually(() => assert.ok(one.closed));
    assert.equal(arrived, "1");
    assert.ok(before.done());

    proxy.filter(cutAtPacket(1, "after", "request").filter);
    const two = await client();
    two.socket.write("3");
    await eventually(() => assert.ok(two.closed));
    await eventually(() => assert.equal(arrived, "13"));
  });

  it("loses the reply to a COMMIT that arrived", async () => {
    const commit = Buffer.from("\x07\0\0\0\x03COMMIT");
    assert.ok(isCommit(commit));
    assert.ok(isCommit(Buffer.from("\x10\0\0\0\x03select 1;\ncommit")));
    assert.ok(!isCommit(Buffer.from("\x09\0\0\0\x03select 1")));
    const losing = loseReplies(isCommit, 1);
    proxy.filter(losing.filter);
    const one = await client();
    one.socket.write(commit);
    await eventually(() => assert.equal(one.error, "ECONNRESET"));
    assert.equal(arrived, String(commit));
    assert.equal(losing.lost(), 1);
  });

  it("finds NATS frames independently of packets, repeats and reverses them", async () => {
    const frames = natsFrames();
    const text = "CONNECT {}\r\nPUB a.b 5\r\nhel\r\n\r\nHPUB c _INBOX.1 2 4\r\nHHpp\r\nPING\r\n";
    const found = [...text].flatMap((character) => frames(Buffer.from(character)));
    assert.deepEqual(
      found.map(({ subject }) => subject),
      [undefined, "a.b", "c", undefined],
    );
    assert.equal(Buffer.concat(found.map(({ bytes }) => bytes)).toString(), text);

    proxy.filter(onPublish(/^a$/, repeated(2)));
    const one = await client();
    one.socket.write("PUB a 1\r\nx\r\nPUB b 1\r\ny\r\n");
    const [x, y] = ["PUB a 1\r\nx\r\n", "PUB b 1\r\ny\r\n"];
    await eventually(() => assert.equal(arrived, `${x}${x}${y}`));

    proxy.filter(onPublish(/./, reversed(2, 10_000)));
    one.socket.write(`${x}${y}`);
    await eventually(() => assert.equal(arrived, `${x}${x}${y}${y}${x}`));
  });
});
