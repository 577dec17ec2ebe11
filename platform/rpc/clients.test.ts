import assert from "node:assert/strict";
import { type ServiceError, status } from "@grpc/grpc-js";
import { Outage } from "#platform/values/refusal.ts";
import { createClient } from "./clients.ts";
import { EchoService, startEcho } from "./testing/echo.ts";

const codeOf = (error: unknown) => {
  assert(error instanceof Outage);
  return (error.cause as ServiceError).code;
};

describe("a client", () => {
  it("reports an unreachable server as an outage within 2 seconds", async () => {
    const client = createClient(EchoService, {
      address: "127.0.0.1:1",
      tls: undefined,
      timeoutMs: 5_000,
    });
    const started = Date.now();
    const error = await client.anyone({}).catch((caught: unknown) => caught);
    assert.equal(codeOf(error), status.UNAVAILABLE);
    assert(Date.now() - started < 2_000);
    client.close();
  });

  it("reconnects to a server that was down", async () => {
    const first = await startEcho({ anyone: async (request) => request });
    await first.client.anyone({});
    await first.server.stop();
    await assert.rejects(first.client.anyone({}), Outage);
    const second = await startEcho(
      { anyone: async (request) => request },
      { listen: { host: "127.0.0.1", port: first.server.port } },
    );
    const deadline = Date.now() + 10_000;
    for (;;) {
      const answer = await first.client.anyone({ text: "back" }).catch(() => undefined);
      if (answer?.text === "back") break;
      assert(Date.now() < deadline, "the client does not reconnect");
    }
    await first.close();
    await second.close();
  });

  it("makes one call and never retries", async () => {
    let calls = 0;
    const echo = await startEcho({
      async anyone() {
        calls += 1;
        throw new Outage("away");
      },
    });
    const error = await echo.client.anyone({}).catch((caught: unknown) => caught);
    assert.equal(codeOf(error), status.UNAVAILABLE);
    assert.equal(calls, 1);
    await echo.close();
  });

  it("does not start a call that is already cancelled", async () => {
    const echo = await startEcho({ anyone: () => assert.fail("called") });
    const signal = AbortSignal.abort();
    await assert.rejects(echo.client.anyone({}, { signal }), Outage);
    await echo.close();
  });

  it("throws a malformed request as an error of the program, not as an outage", async () => {
    const echo = await startEcho({});
    const wrong = { userId: "x" as never };
    await assert.rejects(echo.client.anyone(wrong), (error) => !(error instanceof Outage));
    await echo.close();
  });
});
