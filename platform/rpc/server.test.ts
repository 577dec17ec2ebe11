import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { Code, ConnectError, createClient as createConnectClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { status } from "@grpc/grpc-js";
import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import { ErrorInfoSchema } from "#proto/shop/common/v1/error_pb.ts";
import { createClient } from "./clients.ts";
import type { Call } from "./server.ts";
import { type Echo, EchoService, startEcho, tokenOf } from "./testing/echo.ts";
import { callHttp2, callRaw } from "./testing/raw.ts";

const ANYONE = "/shop.test.v1.EchoService/Anyone";
const INTERNAL = "/shop.test.v1.EchoService/Internal";

/** A promise and its resolver, to hold a handler until the test releases it. */
const gate = () => Promise.withResolvers<void>();

describe("the server", () => {
  let echo: Awaited<ReturnType<typeof startEcho>>;
  let handle: (request: Echo, call: Call) => Promise<{ userId?: bigint; text?: string }>;
  let service: string;

  before(async () => {
    service = await tokenOf("service", "order");
    echo = await startEcho(
      {
        anyone: (request, call) => handle(request, call),
        shopper: (request, call) => handle(request, call),
        internal: (request, call) => handle(request, call),
      },
      { limits: { maxInFlight: 4, defaultDeadlineMs: 2_000, maxDeadlineMs: 3_000 } },
    );
  });
  beforeEach(() => {
    handle = async (request) => request;
  });
  after(() => echo.close());

  const raw = (path: string, bytes: Buffer) =>
    callRaw(echo.server.address, { path, bytes, token: service });

  it("answers a malformed message with INVALID_ARGUMENT, without calling the handler", async () => {
    handle = () => assert.fail("called");
    const broken = {
      truncated: [0x12, 0x7f, 0x41],
      "an endless varint": [0x08, ...Array(11).fill(0xff)],
      "an unknown wire type": [0x0f],
      "field number 0": [0x02, 0x00],
      "the end of no group": [0x0c],
      "invalid UTF-8": [0x12, 0x02, 0xc3, 0x28],
      "half a surrogate pair": [0x12, 0x03, 0xed, 0xa0, 0x80],
      "an inner message that is broken": [0x1a, 0x02, 0x08, 0xff],
      "groups without end": Array(20_000).fill(0x23),
    };
    for (const [name, bytes] of Object.entries(broken)) {
      assert.equal(await raw(ANYONE, Buffer.from(bytes)), status.INVALID_ARGUMENT, name);
    }
  });

  it("ignores unknown fields", async () => {
    const unknown = Buffer.from([0xf8, 0x07, 0x01, 0x12, 0x01, 0x41]);
    handle = async (request) => {
      assert.equal(request.text, "A");
      assert.equal(request.$unknown, undefined);
      return request;
    };
    assert.equal(await raw(ANYONE, unknown), status.OK);
  });

  it("refuses a message above its limit, which is lower for public methods", async () => {
    const message = (size: number) =>
      Buffer.from(
        Array(Math.ceil(size / 3))
          .fill([0x12, 1, 65])
          .flat(),
      );
    assert.equal(await raw(ANYONE, message(1_000_000)), status.OK);
    assert.equal(await raw(ANYONE, message(1_100_000)), status.RESOURCE_EXHAUSTED);
    assert.equal(await raw(INTERNAL, message(1_100_000)), status.OK);
    assert.equal(await raw(INTERNAL, message(4_300_000)), status.RESOURCE_EXHAUSTED);
  });

  it("sends gRPC and Connect clients the reason, the metadata and the violations", async () => {
    const violations = [{ field: "text", description: "must not be empty" }];
    handle = () => Promise.reject(new Refusal(Reason.INVALID_ARGUMENT, { a: "é\n" }, violations));
    await assert.rejects(echo.client.anyone({}), (error: unknown) => {
      assert(error instanceof Refusal);
      assert.deepEqual(error.metadata, { a: "é\n" });
      assert.deepEqual(error.violations, violations);
      return true;
    });
    const baseUrl = `http://${echo.server.address}`;
    const transport = createGrpcTransport({ baseUrl });
    const connect = createConnectClient(EchoService, transport);
    await assert.rejects(connect.anyone({}), (error: unknown) => {
      assert(error instanceof ConnectError);
      assert.equal(error.code, Code.InvalidArgument);
      const [info] = error.findDetails(ErrorInfoSchema);
      assert.equal(info?.reason, Reason.INVALID_ARGUMENT);
      assert.equal(info?.fieldViolations[0]?.field, "text");
      return true;
    });
  });

  it("answers INTERNAL for a handler that throws or rejects, without its text", async () => {
    const secret = new TypeError("select * from users");
    const throwing: (typeof handle)[] = [
      () => {
        throw secret;
      },
      () => Promise.reject(secret),
      () => Promise.reject(undefined),
      async () => ({ userId: "no bigint" }) as never,
    ];
    for (const bad of throwing) {
      handle = bad;
      await assert.rejects(echo.client.anyone({}), /13 INTERNAL: internal error [0-9a-f-]{36}$/);
    }
  });

  it("passes on the trace context, and starts one if there is none", async () => {
    handle = async (_, call) => ({ text: call.traceparent });
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert.equal((await echo.client.anyone({}, { traceparent })).text, traceparent);
    const made = (await echo.client.anyone({}, { traceparent: "forged" })).text;
    assert.match(made, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  describe("deadlines", () => {
    const deadlineSeen = async (headers: Record<string, string>) => {
      let leftMs = Number.NaN;
      handle = async (_, call) => {
        leftMs = call.deadlineMs - Date.now();
        return {};
      };
      const answer = await callHttp2(echo.server.address, { ":path": ANYONE, ...headers });
      return { ...answer, leftMs };
    };
    const about = (actual: number, expected: number) =>
      assert(actual > expected - 300 && actual <= expected, `${actual} is not about ${expected}`);

    it("are the caller's, the default, or the maximum", async () => {
      about((await deadlineSeen({ "grpc-timeout": "900m" })).leftMs, 900);
      about((await deadlineSeen({})).leftMs, 2_000);
      about((await deadlineSeen({ "grpc-timeout": "1M" })).leftMs, 3_000);
    });

    it("do not wrap around in 32 bits", async () => {
      for (const huge of ["99999999H", "1194H", "597H", "4294968S"]) {
        const seen = await deadlineSeen({ "grpc-timeout": huge });
        assert.equal(seen.status, status.OK, huge);
        about(seen.leftMs, 3_000);
      }
    });

    it("are INVALID_ARGUMENT if malformed", async () => {
      for (const bad of ["soon", "-1S", "999999999S"]) {
        const answer = await deadlineSeen({ "grpc-timeout": bad });
        assert.equal(answer.status, status.INVALID_ARGUMENT, bad);
      }
    });

    it("end the call with DEADLINE_EXCEEDED and abort the handler's signal", async () => {
      const aborted = gate();
      handle = (_, call) =>
        new Promise((_resolve, reject) => {
          call.signal.addEventListener("abort", () => {
            aborted.resolve();
            reject(new Outage("aborted"));
          });
        });
      const headers = { ":path": ANYONE, "grpc-timeout": "200m" };
      const answer = await callHttp2(echo.server.address, headers);
      assert.equal(answer.status, status.DEADLINE_EXCEEDED);
      await aborted.promise;
    });

    it("are passed on by a client, shortened to its timeout", async () => {
      handle = async (_, call) => ({ userId: BigInt(call.deadlineMs) });
      const deadlineMs = Date.now() + 700;
      const { userId } = await echo.client.anyone({}, { deadlineMs });
      // The header has the remaining time, which starts again on arrival.
      assert(Number(userId) > deadlineMs - 10 && Number(userId) <= Date.now() + 700);
      const hasty = createClient(EchoService, {
        address: echo.server.address,
        tls: undefined,
        timeoutMs: 250,
      });
      handle = () => pause(1_000, {});
      await assert.rejects(hasty.anyone({}, { deadlineMs: Date.now() + 60_000 }), Outage);
      hasty.close();
    });
  });

  it("refuses calls above its limit in flight at once, and recovers", async () => {
    // Handlers of earlier tests may still be running after their callers left.
    handle = async (request) => request;
    await waitUntil(async () => (await tryMany(4)) === 0);
    const hold = gate();
    let running = 0;
    handle = async () => {
      running += 1;
      await hold.promise;
      return {};
    };
    const held = [1, 2, 3, 4].map(() => echo.client.anyone({}));
    await waitUntil(async () => running === 4);
    await assert.rejects(echo.client.anyone({}), (error: unknown) => {
      assert(error instanceof Refusal);
      assert.equal(error.reason, Reason.RATE_LIMITED);
      assert.equal(error.metadata.limit, "4");
      return true;
    });
    hold.resolve();
    await Promise.all(held);
    assert.equal(await tryMany(4), 0);
  });

  it("counts a call until its handler is done, even after the caller has left", async () => {
    const hold = gate();
    let running = 0;
    handle = async () => {
      running += 1;
      await hold.promise;
      return {};
    };
    const leaving = new AbortController();
    const left = [1, 2, 3, 4].map(() => echo.client.anyone({}, { signal: leaving.signal }));
    await waitUntil(async () => running === 4);
    leaving.abort();
    for (const call of left) await assert.rejects(call, Outage);
    await assert.rejects(echo.client.anyone({}), Refusal);
    hold.resolve();
    await waitUntil(async () => (await tryMany(4)) === 0);
  });

  it("stops counting callers that leave before their request is read", async () => {
    handle = async (request) => request;
    for (let round = 0; round < 20; round++) {
      const leaving = new AbortController();
      const calls = [1, 2, 3, 4].map(() => echo.client.anyone({}, { signal: leaving.signal }));
      if (round % 2) await pause(0);
      leaving.abort();
      await Promise.allSettled(calls);
    }
    await waitUntil(async () => (await tryMany(4)) === 0);
  });

  /** How many of `count` concurrent calls are refused. */
  async function tryMany(count: number): Promise<number> {
    const calls = Array.from({ length: count }, () => echo.client.anyone({}));
    const results = await Promise.allSettled(calls);
    return results.filter((result) => result.status === "rejected").length;
  }
});

async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(5);
}
