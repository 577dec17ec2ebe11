import assert from "node:assert/strict";
import { Metadata, Server, ServerCredentials, type StatusObject, status } from "@grpc/grpc-js";
import { CallFailed, callerOf, openRpc, outcomeOf, type Rpc } from "./rpc.ts";

const same = (bytes: Buffer) => bytes;
const method = (path: string, responseStream = false) => ({
  path,
  requestStream: false,
  responseStream,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
});
const caller = callerOf("a-token");
/** Larger than a flow-control window and a chunk. */
const large = Buffer.alloc(300_000, "x");

async function serve(name: string): Promise<{ server: Server; address: string }> {
  const server = new Server();
  const service = {
    echo: method("/test/echo"),
    refuse: method("/test/refuse"),
    stream: method("/test/stream", true),
    none: method("/test/none", true),
  };
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from("why"));
  const refusal: Partial<StatusObject> = {
    code: status.RESOURCE_EXHAUSTED,
    details: "RATE_LIMITED",
    metadata,
  };
  server.addService(service, {
    echo: (
      call: { request: Buffer; metadata: Metadata },
      respond: (e: null, answer: Buffer) => void,
    ) => {
      const prefix = `${name} ${call.metadata.get("authorization")} `;
      respond(null, Buffer.concat([Buffer.from(prefix), call.request]));
    },
    refuse: (_: unknown, respond: (error: Partial<StatusObject>) => void) => respond(refusal),
    stream: (call: { write(message: Buffer): void }) => {
      call.write(large);
      call.write(Buffer.from("second"));
    },
    none: (call: { end(): void }) => call.end(),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { server, address: `127.0.0.1:${port}` };
}

describe("calls of the load generator", () => {
  let servers: Awaited<ReturnType<typeof serve>>[];
  let rpc: Rpc;
  before(async () => {
    servers = [await serve("first"), await serve("second")];
    rpc = openRpc(servers[0]?.address ?? "");
  });
  after(() => {
    rpc.close();
    for (const { server } of servers) server.forceShutdown();
  });

  const outcomeOfFailed = async (call: Promise<unknown>) => {
    const error = await call.then(
      () => assert.fail("the call succeeded"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof CallFailed);
    return outcomeOf(error);
  };

  it("send a message with the caller's token and return the answer", async () => {
    const answer = await rpc.call("/test/echo", Buffer.from("hello"), caller);
    assert.equal(String(answer), "first Bearer a-token hello");
    const much = await rpc.call("/test/echo", large, caller);
    assert.deepEqual(much.subarray(-large.length), large);
  });

  it("run 1,000 at once, each with its own answer", async () => {
    const numbers = Array.from({ length: 1_000 }, (_, number) => String(number));
    const calls = numbers.map((number) => rpc.call("/test/echo", Buffer.from(number), caller));
    const answers = (await Promise.all(calls)).map((answer) => String(answer).split(" ").at(-1));
    assert.deepEqual(answers, numbers);
  });

  it("report status and reason of a refusal", async () => {
    const refused = outcomeOfFailed(rpc.call("/test/refuse", Buffer.alloc(0), caller));
    assert.equal(await refused, "RESOURCE_EXHAUSTED RATE_LIMITED");
    assert.equal(await outcomeOfFailed(rpc.call("/test/other", large, caller)), "UNIMPLEMENTED");
  });

  it("take the first message of a stream and cancel it", async () => {
    assert.deepEqual(await rpc.first("/test/stream", Buffer.alloc(0), caller), large);
    const empty = outcomeOfFailed(rpc.first("/test/none", Buffer.alloc(0), caller));
    assert.equal(await empty, "INTERNAL");
  });

  it("use several addresses in turn", async () => {
    const both = openRpc(`ipv4:${servers.map(({ address }) => address).join(",")}`);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => both.call("/test/echo", Buffer.alloc(0), caller)),
    );
    both.close();
    const names = answers.map((answer) => String(answer).split(" ")[0]).sort();
    assert.deepEqual(names, ["first", "first", "second", "second"]);
  });

  it("fail as UNAVAILABLE without a server", async () => {
    const gone = await serve("gone");
    const other = openRpc(gone.address);
    await other.call("/test/echo", large, caller);
    gone.server.forceShutdown();
    assert.equal(await outcomeOfFailed(other.call("/test/echo", large, caller)), "UNAVAILABLE");
    other.close();
    const absent = openRpc("127.0.0.1:9");
    assert.equal(await outcomeOfFailed(absent.call("/test/echo", large, caller)), "UNAVAILABLE");
    absent.close();
  });
});
