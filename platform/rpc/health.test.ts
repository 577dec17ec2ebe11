import assert from "node:assert/strict";
import { Client, credentials, status } from "@grpc/grpc-js";
import { service as health } from "grpc-health-check";
import { startEcho } from "./testing/echo.ts";
import { callRaw } from "./testing/raw.ts";

const ECHO = "shop.test.v1.EchoService";
const { Check, Watch } = health as Record<string, (typeof health)[string]>;

describe("grpc.health.v1", () => {
  let echo: Awaited<ReturnType<typeof startEcho>>;
  let client: Client;

  beforeEach(async () => {
    echo = await startEcho({});
    client = new Client(echo.server.address, credentials.createInsecure());
  });
  afterEach(async () => {
    client.close();
    await echo.close();
  });

  function check(service: string): Promise<string> {
    return new Promise((resolve) => {
      assert(Check);
      client.makeUnaryRequest(
        Check.path,
        Check.requestSerialize,
        Check.responseDeserialize,
        { service },
        (error, answer) => {
          const { status: serving } = (answer ?? {}) as { status?: string };
          resolve(serving ?? status[error?.code ?? 0] ?? "");
        },
      );
    });
  }

  it("says NOT_SERVING until told otherwise, for the server and for each service", async () => {
    assert.equal(await check(""), "NOT_SERVING");
    assert.equal(await check(ECHO), "NOT_SERVING");
    echo.server.setServing(true);
    assert.equal(await check(""), "SERVING");
    assert.equal(await check(ECHO), "SERVING");
    assert.equal(await check("nobody"), "NOT_FOUND");
  });

  it("tells those who watch of every change, also that the server is stopping", async () => {
    assert(Watch);
    const stream = client.makeServerStreamRequest(
      Watch.path,
      Watch.requestSerialize,
      Watch.responseDeserialize,
      { service: ECHO },
    );
    stream.on("error", () => {});
    const answers = stream[Symbol.asyncIterator]();
    const next = async () => (await answers.next()).value?.status;
    assert.equal(await next(), "NOT_SERVING");
    echo.server.setServing(true);
    assert.equal(await next(), "SERVING");
    const stopped = echo.server.stop();
    assert.equal(await next(), "NOT_SERVING");
    stream.cancel();
    await stopped;
  });

  it("answers bytes that are no message with INVALID_ARGUMENT", async () => {
    const path = "/grpc.health.v1.Health/Check";
    const bytes = Buffer.from([0x0f]);
    assert.equal(await callRaw(echo.server.address, { path, bytes }), status.INVALID_ARGUMENT);
  });
});
