import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import type { Call } from "./server.ts";
import { type Echo, startEcho, tokenOf } from "./testing/echo.ts";

describe("a stream", () => {
  let echo: Awaited<ReturnType<typeof startEcho>>;
  let watch: (request: Echo, call: Call) => AsyncIterable<{ userId?: bigint; text?: string }>;
  let token: string;

  before(async () => {
    token = await tokenOf("user", "7");
    echo = await startEcho(
      { anyone: async (request) => request, watch: (request, call) => watch(request, call) },
      { limits: { maxStreams: 2, maxInFlight: 1 } },
    );
  });
  after(() => echo.close());

  /** A stream that sends one message and then waits for its caller to leave. */
  const endless = (ended: () => void) =>
    async function* (_: Echo, call: Call) {
      try {
        yield {};
        await new Promise((resolve) => call.signal.addEventListener("abort", resolve));
      } finally {
        ended();
      }
    };

  it("delivers every message in order, also more than a connection buffers", async () => {
    const text = "x".repeat(100_000);
    watch = async function* () {
      for (let index = 0n; index < 100n; index++) yield { userId: index, text };
    };
    let expected = 0n;
    for await (const message of echo.client.watch({}, { token })) {
      assert.equal(message.userId, expected++);
      if (expected % 20n === 0n) await pause(1);
    }
    assert.equal(expected, 100n);
  });

  it("ends with the refusal of its handler, after the messages sent before", async () => {
    watch = async function* () {
      yield {};
      throw new Refusal(Reason.ORDER_NOT_FOUND);
    };
    let count = 0;
    const read = async () => {
      for await (const _ of echo.client.watch({}, { token })) count += 1;
    };
    await assert.rejects(read(), { reason: Reason.ORDER_NOT_FOUND });
    assert.equal(count, 1);
  });

  it("aborts its handler's signal when the caller leaves, and is no longer counted", async () => {
    for (let round = 0; round < 5; round++) {
      const { promise, resolve } = Promise.withResolvers<void>();
      watch = endless(resolve);
      for await (const _ of echo.client.watch({}, { token })) break;
      await promise;
    }
  });

  it("is not counted as a unary call, and is refused at once above its own limit", async () => {
    let ended = 0;
    watch = endless(() => {
      ended += 1;
    });
    const leaving = new AbortController();
    const open = async () => {
      const stream = echo.client.watch({}, { token, signal: leaving.signal });
      const iterator = stream[Symbol.asyncIterator]();
      await iterator.next();
      return iterator;
    };
    const streams = [await open(), await open()];
    await assert.rejects(open(), { reason: Reason.RATE_LIMITED });
    await echo.client.anyone({});
    leaving.abort();
    for (const stream of streams) await assert.rejects(stream.next(), Outage);
    while (ended < 2) await pause(5);
  });
});
