import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import { Outage } from "#platform/values/refusal.ts";
import { Health, HealthCheckResponse_ServingStatus } from "#proto/grpc/health/v1/health_pb.ts";
import { type Client, createClient } from "./clients.ts";
import { isServiceError } from "./errors.ts";
import { createHealthClient } from "./health-client.ts";
import { startEcho } from "./testing/echo.ts";
import { callRaw } from "./testing/raw.ts";

const ECHO = "shop.test.v1.EchoService";
const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus;

describe("grpc.health.v1", () => {
  let echo: Awaited<ReturnType<typeof startEcho>>;
  let client: Client<typeof Health>;

  beforeEach(async () => {
    echo = await startEcho({});
    const { address } = echo.server;
    client = createClient(Health, { address, tls: undefined, timeoutMs: 5_000 });
  });
  afterEach(async () => {
    client.close();
    await echo.close();
  });

  const check = async (service: string) => (await client.check({ service })).status;

  it("is NOT_SERVING until it is set, for the server and for each service", async () => {
    assert.equal(await check(""), NOT_SERVING);
    assert.equal(await check(ECHO), NOT_SERVING);
    echo.server.setServing(true);
    assert.equal(await check(""), SERVING);
    assert.equal(await check(ECHO), SERVING);
  });

  it("answers NOT_FOUND for a service that the server does not have", async () => {
    await assert.rejects(check("shop.test.v1.OtherService"), (error) => {
      assert(error instanceof Outage && isServiceError(error.cause));
      return error.cause.code === status.NOT_FOUND;
    });
  });

  it("has a status of its own for each part", async () => {
    echo.server.setServing(true);
    echo.server.setPart("broker", false);
    assert.equal(await check("broker"), NOT_SERVING);
    assert.equal(await check(""), SERVING);
  });

  it("names the one cause why a part is not able to work, as long as it lasts", async () => {
    const health = createHealthClient({ address: echo.server.address, tls: undefined });
    const read = () => health.read(5_000);
    echo.server.setServing(true);
    echo.server.setPart("broker", false);
    echo.server.setCause("broker", "full");
    echo.server.setCause("database", "read_only");
    const causes = { broker: "full", database: "read_only" };
    const parts = { [ECHO]: "SERVING", broker: "NOT_SERVING" };
    assert.deepEqual(await read(), { state: "SERVING", parts, causes });
    echo.server.setCause("broker", "no_jetstream");
    echo.server.setCause("database", undefined);
    assert.deepEqual((await read()).causes, { broker: "no_jetstream" });
    assert.equal(await check("broker/no_jetstream"), NOT_SERVING);
    await echo.server.stop();
    assert.deepEqual(await read(), { state: "UNREACHABLE", parts: {}, causes: {} });
    health.close();
  });

  it("lists every status", async () => {
    echo.server.setPart("broker", true);
    const { statuses } = await client.list({});
    const listed = Object.entries(statuses).map(([name, entry]) => [name, entry.status]);
    assert.deepEqual(Object.fromEntries(listed), {
      "": NOT_SERVING,
      [ECHO]: NOT_SERVING,
      broker: SERVING,
    });
  });

  it("sends a watcher every change, also that the server is stopping", async () => {
    const answers = client.watch({ service: ECHO })[Symbol.asyncIterator]();
    const next = async () => (await answers.next()).value?.status;
    assert.equal(await next(), NOT_SERVING);
    echo.server.setServing(true);
    echo.server.setServing(true);
    assert.equal(await next(), SERVING);
    const stopped = echo.server.stop();
    assert.equal(await next(), NOT_SERVING);
    await answers.return?.();
    await stopped;
  });

  it("sends a watcher SERVICE_UNKNOWN until the name has a status", async () => {
    const answers = client.watch({ service: "broker" })[Symbol.asyncIterator]();
    assert.equal((await answers.next()).value?.status, SERVICE_UNKNOWN);
    echo.server.setPart("broker", true);
    assert.equal((await answers.next()).value?.status, SERVING);
    await answers.return?.();
  });

  it("answers bytes that are no message with INVALID_ARGUMENT", async () => {
    const bytes = Buffer.from([0x0f]);
    for (const method of ["Check", "Watch", "List"]) {
      const path = `/grpc.health.v1.Health/${method}`;
      const code = await callRaw(echo.server.address, { path, bytes });
      assert.equal(code, status.INVALID_ARGUMENT, method);
    }
  });
});
