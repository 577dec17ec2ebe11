import assert from "node:assert/strict";
import { Agent, get } from "node:http";
import { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { createLog } from "../telemetry/log.ts";
import { HttpProblem, pathOf } from "./answer.ts";
import { type HttpHandler, type HttpLimits, type HttpServer, startHttpServer } from "./server.ts";

describe("the HTTP server", () => {
  let server: HttpServer;
  let url: string;

  async function serve(handle: HttpHandler, limits: Partial<HttpLimits> = {}): Promise<void> {
    const listen = { host: "127.0.0.1", port: 0 };
    server = await startHttpServer({ listen, handle, limits, log: createLog("test", "silent") });
    url = `http://127.0.0.1:${server.port}`;
  }

  afterEach(() => server.stop());

  it("sends text, bytes and streams, neither cached nor sniffed", async () => {
    const bodies = {
      "/text": "one",
      "/bytes": Buffer.from("two"),
      "/stream": Readable.from(["3"]),
    };
    await serve(async (request) => ({
      status: 200,
      body: bodies[pathOf(request) as keyof typeof bodies],
    }));
    for (const [path, text] of [
      ["/text?x=1", "one"],
      ["/bytes", "two"],
      ["/stream", "3"],
    ]) {
      const response = await fetch(`${url}${path}`);
      assert.equal(await response.text(), text);
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    }
  });

  it("answers 500 for a handler that fails, without its error text", async () => {
    await serve(() => Promise.reject(new Error("the password is tea")));
    const response = await fetch(url);
    assert.deepEqual([response.status, await response.text()], [500, "internal error\n"]);
  });

  it("answers 503 above its limit, and serves again below it", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await serve(
      async () => {
        await promise;
        return { status: 200 };
      },
      { maxInFlight: 3 },
    );
    const waiting = Array.from({ length: 3 }, () => fetch(url));
    await pause(100);
    assert.equal((await fetch(url)).status, 503);
    resolve();
    for (const { status } of await Promise.all(waiting)) assert.equal(status, 200);
    assert.equal((await fetch(url)).status, 200);
  });

  it("finishes accepted requests when it stops, but does not wait indefinitely", async () => {
    await serve(
      async (request) => {
        await pause(pathOf(request) === "/long" ? 60_000 : 300, undefined, { ref: false });
        return { status: 200 };
      },
      { stopMs: 800 },
    );
    const short = fetch(`${url}/short`);
    const long = fetch(`${url}/long`).then(
      () => "answered",
      () => "cut",
    );
    await pause(100);
    const begun = Date.now();
    await server.stop();
    assert.ok(Date.now() - begun < 2_000);
    assert.equal((await short).status, 200);
    assert.equal(await long, "cut");
    await assert.rejects(fetch(url), /fetch failed/);
  });

  it("keeps an idle connection for the time that it names, longer than load balancers do", async () => {
    await serve(async () => ({ status: 200 }));
    const { headers } = await fetch(url);
    assert.equal(headers.get("keep-alive"), "timeout=75");
  });

  it("answers on a connection that was idle for less than that time", async () => {
    await serve(async () => ({ status: 200 }), { keepAliveMs: 3_000 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const request = () =>
      new Promise<boolean>((resolve, reject) => {
        const sent = get(url, { agent }, (response) => {
          response.resume().once("end", () => resolve(sent.reusedSocket));
        }).once("error", reject);
      });
    assert.equal(await request(), false);
    // Node's agent leaves a connection one second before the time that the server names.
    await pause(1_700);
    assert.equal(await request(), true);
    agent.destroy();
  });

  it("cuts the connection for a handler without an answer, and closes it after an answer with close", async () => {
    await serve(async (request) => {
      if (pathOf(request) === "/cut") return undefined;
      throw new HttpProblem(404, "not found", { close: true });
    });
    await assert.rejects(fetch(`${url}/cut`), /fetch failed/);
    for (const method of ["GET", "HEAD"]) {
      const response = await fetch(url, { method });
      assert.equal(response.status, 404);
      assert.equal(response.headers.get("connection"), "close");
    }
  });
});
