import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { Outage } from "#platform/values/refusal.ts";
import { startEcho, tokenOf } from "./testing/echo.ts";

describe("stopping", () => {
  it("finishes every accepted call and refuses new ones with UNAVAILABLE", async () => {
    const hold = Promise.withResolvers<void>();
    let running = 0;
    const echo = await startEcho({
      async anyone(request) {
        running += 1;
        await hold.promise;
        return request;
      },
    });
    const accepted = Array.from({ length: 50 }, (_, index) =>
      echo.client.anyone({ userId: BigInt(index) }),
    );
    while (running < 50) await pause(5);
    const stopped = echo.server.stop();
    await assert.rejects(echo.client.anyone({}), (error: unknown) => {
      assert(error instanceof Outage);
      assert.equal((error.cause as ServiceError).code, status.UNAVAILABLE);
      return true;
    });
    hold.resolve();
    const answers = await Promise.all(accepted);
    assert.deepEqual(
      answers.map((answer) => answer.userId),
      accepted.map((_, index) => BigInt(index)),
    );
    await stopped;
    assert.equal(running, 50);
    await echo.close();
  });

  it("finishes a call whose client keeps pinging the connection", async () => {
    const echo = await startEcho({
      async anyone(request) {
        await pause(900);
        return request;
      },
    });
    const client = new Client(echo.server.address, credentials.createInsecure(), {
      "grpc.keepalive_time_ms": 200,
      "grpc.keepalive_permit_without_calls": 1,
    });
    const identity = (bytes: Buffer) => bytes;
    const path = "/shop.test.v1.EchoService/Anyone";
    const answer = new Promise<number>((resolve) => {
      const done = (error: ServiceError | null) => resolve(error?.code ?? 0);
      const empty = Buffer.alloc(0);
      client.makeUnaryRequest(path, identity, identity, empty, new Metadata(), done);
    });
    await pause(100);
    await echo.close();
    assert.equal(await answer, status.OK);
    client.close();
  });

  it("ends streams with UNAVAILABLE, so that their clients reconnect elsewhere", async () => {
    const echo = await startEcho({
      async *watch(_, call) {
        yield {};
        await new Promise((resolve) => call.signal.addEventListener("abort", resolve));
      },
    });
    const token = await tokenOf("user", "7");
    const stream = echo.client.watch({}, { token })[Symbol.asyncIterator]();
    await stream.next();
    const started = Date.now();
    const stopped = echo.server.stop();
    await assert.rejects(stream.next(), /UNAVAILABLE/);
    await stopped;
    assert(Date.now() - started < 3_000);
    await echo.close();
  });

  it("does not wait indefinitely for a handler that hangs", async () => {
    const started = Promise.withResolvers<void>();
    const echo = await startEcho(
      {
        anyone: () => {
          started.resolve();
          return new Promise(() => {});
        },
      },
      { limits: { stopMs: 200 } },
    );
    const answer = assert.rejects(echo.client.anyone({}), /UNAVAILABLE|CANCELLED/);
    await started.promise;
    await echo.server.stop();
    await answer;
    await echo.close();
  });

  it("is idempotent", async () => {
    const echo = await startEcho({});
    await Promise.all([echo.server.stop(), echo.server.stop()]);
    await echo.close();
  });
});
