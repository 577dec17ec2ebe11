import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { implement, type RpcServer, startRpcServer } from "#platform/rpc/server.ts";
import { readSettings } from "#platform/settings/settings.ts";
import { tokenSettings } from "#platform/settings/token-settings.ts";
import { createLog } from "#platform/telemetry/log.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { type HandleCallbackRequest, PayService } from "#proto/shop/pay/v1/pay_pb.ts";
import { temporaryDirectory } from "../../../testbed/engines/directories.ts";
import { freePorts } from "../../../testbed/engines/ports.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { type ServiceProcess, serviceProcess } from "../../../testbed/shop/service-process.ts";
import { type Sandbox, startSandbox } from "../sandbox/sandbox.ts";
import { flood, sendRaw } from "./raw-http.ts";

const KIB = 1_024;

type Decision = { status: number; text: string; genuine?: boolean };

describe("payment callbacks at the gateway", () => {
  let directory: string;
  let gateway: ServiceProcess;
  let pay: RpcServer | undefined;
  let payPort: number;
  let port: number;
  let url: string;
  let calls: { request: HandleCallbackRequest; caller: unknown }[];
  let decide: (request: HandleCallbackRequest) => Promise<Decision>;

  before(async () => {
    directory = temporaryDirectory();
    [port = 0, payPort = 0] = await freePorts(2);
    url = `http://127.0.0.1:${port}/pay/callback/sandbox`;
    gateway = serviceProcess({
      service: "gateway",
      logFile: join(directory, "gateway.log"),
      env: {
        ...process.env,
        SHOP_ENV: "test",
        SHOP_GATEWAY_LISTEN: `127.0.0.1:${port}`,
        SHOP_PAY_ADDRESS: `127.0.0.1:${payPort}`,
      },
    });
    await Promise.all([gateway.start(), startPay()]);
    await eventually(async () => assert.equal((await fetch(url, { method: "POST" })).status, 200));
  });

  beforeEach(() => {
    calls = [];
    decide = async () => ({ status: 200, text: "success" });
  });

  after(async () => {
    await gateway?.end("SIGTERM");
    await pay?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Starts a pay service that records callbacks and answers with `decide`. */
  async function startPay(): Promise<void> {
    calls = [];
    decide = async () => ({ status: 200, text: "success" });
    pay = await startRpcServer({
      listen: { host: "127.0.0.1", port: payPort },
      tls: undefined,
      tokens: readSettings({}, (read) => tokenSettings(read, false)),
      log: createLog("pay", "silent"),
      implementations: [
        implement(PayService, {
          handleCallback: async (received, { caller }) => {
            calls.push({ request: received, caller });
            const { status, text, genuine } = await decide(received);
            const body = Buffer.from(text);
            return { status, contentType: "text/plain", body, genuine: genuine ?? false };
          },
        }),
      ],
    });
  }

  it("are passed on byte for byte with the provider's own headers, from the gateway", async () => {
    const body = randomBytes(64 * KIB);
    const response = await fetch(url, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json",
        "Sandbox-Signature": "ab",
        authorization: "Bearer x",
        cookie: "a=b",
        "x-user-id": "1",
      },
    });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/plain");
    assert.equal(await response.text(), "success");
    const [{ request, caller }] = calls as [(typeof calls)[0]];
    assert.ok(body.equals(request.body));
    assert.equal(request.provider, "sandbox");
    const passed = { "content-type": "application/json", "sandbox-signature": "ab" };
    assert.deepEqual({ ...request.headers }, passed);
    assert.deepEqual(caller, { kind: "service", name: "gateway" });
  });

  it("are answered with what the pay service decides", async () => {
    decide = async () => ({ status: 401, text: '{"code":"FAIL"}' });
    const refused = await fetch(url, { method: "POST", body: "x" });
    assert.deepEqual([refused.status, await refused.text()], [401, '{"code":"FAIL"}']);
    decide = () => Promise.reject(new Refusal(Reason.PROVIDER_NOT_FOUND));
    assert.equal((await fetch(url, { method: "POST", body: "x" })).status, 404);
    decide = () => Promise.reject(new Refusal(Reason.RATE_LIMITED));
    assert.equal((await fetch(url, { method: "POST", body: "x" })).status, 503);
    decide = () => Promise.reject(new Error("broken"));
    assert.equal((await fetch(url, { method: "POST", body: "x" })).status, 503);
  });

  it("are answered 503 before the provider times out when the pay service hangs", async () => {
    decide = () => pause(5_000, { status: 200, text: "success" });
    assert.equal((await fetch(url, { method: "POST", body: "x" })).status, 503);
  });

  it("are answered 413 above 64 KiB, and the connection closes without reading the body", async () => {
    const head = `POST /pay/callback/sandbox HTTP/1.1\r\nhost: x\r\ncontent-length: ${10 * KIB * KIB}\r\n\r\n`;
    const { text, taken } = await flood(port, head, 10 * KIB * KIB);
    assert.match(text, /^HTTP\/1\.1 413 [\s\S]*connection: close/i);
    assert.ok(taken < 8 * KIB * KIB, `the gateway read ${taken} bytes`);
    assert.equal(calls.length, 0);
  });

  it("are answered 413 one byte above the limit without a content-length", async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.alloc(64 * KIB));
        controller.enqueue(Buffer.alloc(1));
        controller.close();
      },
    });
    const response = await fetch(url, { method: "POST", body, duplex: "half" } as RequestInit);
    assert.equal(response.status, 413);
    assert.equal(calls.length, 0);
  });

  it("are answered 405 with an Allow header for any method but POST", async () => {
    for (const method of ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      const response = await fetch(url, { method });
      assert.deepEqual([response.status, response.headers.get("allow")], [405, "POST"], method);
    }
    assert.equal((await fetch(new URL("/healthz", url), { method: "POST" })).status, 405);
    assert.equal(calls.length, 0);
  });

  it("are answered 404 on any other spelling of the path", async () => {
    const paths = [
      "/",
      "/pay/callback",
      "/pay/callback/",
      "/pay/callback/sandbox/",
      "/pay/callback/Sandbox",
      "/pay/callback/sand%62ox",
      "/pay/callback/../callback/a/b",
      "//pay/callback/sandbox",
      "/pay/callback/sandbox;x=1",
      `/pay/callback/${"a".repeat(33)}`,
      "http://127.0.0.1/pay/callback/sandbox",
      "*",
    ];
    for (const path of paths) {
      const text = await sendRaw(
        port,
        `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n`,
      );
      assert.match(text, /^HTTP\/1\.1 404 /, path);
    }
    assert.equal(calls.length, 0);
  });

  it("are answered 415 with a content-encoding", async () => {
    for (const encoding of ["gzip", "br", "deflate, gzip", "GZIP"]) {
      const headers = { "content-encoding": encoding };
      assert.equal((await fetch(url, { method: "POST", body: "x", headers })).status, 415);
    }
    const headers = { "content-encoding": "identity" };
    assert.equal((await fetch(url, { method: "POST", body: "x", headers })).status, 200);
  });

  it("are answered 431 with too many or too large headers", async () => {
    const post = (headers: string) =>
      sendRaw(
        port,
        `POST /pay/callback/sandbox HTTP/1.1\r\nhost: x\r\n${headers}content-length: 0\r\n\r\n`,
      );
    const many = (name: string, count: number) =>
      Array.from({ length: count }, (_, index) => `${name}${index}: x\r\n`).join("");
    assert.match(await post(many("a", 200)), /^HTTP\/1\.1 431 /);
    assert.match(await post(`a: ${"x".repeat(20 * KIB)}\r\n`), /^HTTP\/1\.1 431 /);
    const long = `sandbox-signature: ${"x".repeat(5_000)}\r\n`;
    assert.match(await post(long), /^HTTP\/1\.1 431 /);
    assert.match(await post(many("a", 90)), /^HTTP\/1\.1 200 /);
  });

  it("are answered 408 when body or headers arrive too slowly", async () => {
    const head = "POST /pay/callback/sandbox HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n";
    const begun = Date.now();
    const [body, headers] = await Promise.all([
      sendRaw(port, head, { dripEveryMs: 500 }),
      sendRaw(port, "POST /pay/callback/sandbox HTTP/1.1\r\nhost: x\r\na: ", { dripEveryMs: 500 }),
    ]);
    assert.match(body, /^(HTTP\/1\.1 408 |$)/);
    assert.match(headers, /^(HTTP\/1\.1 408 |$)/);
    assert.ok(Date.now() - begun < 13_000);
    assert.equal(calls.length, 0);
    assert.equal((await fetch(url, { method: "POST", body: "x" })).status, 200);
  });

  it("are answered 400 when they are not HTTP or their length is ambiguous", async () => {
    const bad = [
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
      "POST /pay/callback/sandbox HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
      "POST /pay/callback/sandbox HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /pay/callback/sandbox HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
      "POST /pay/callback/sandbox HTTP/1.1\r\n\r\n",
    ];
    for (const text of bad) assert.match(await sendRaw(port, text), /^HTTP\/1\.1 400 /, text);
    assert.equal(calls.length, 0);
    assert.equal((await fetch(new URL("/healthz", url))).status, 200);
    assert.doesNotMatch(gateway.output(), /"level":"(error|fatal)"/);
  });

  /** Sends a callback from this loopback address. Resolves to the status. */
  const callFrom = (localAddress: string) =>
    new Promise<number>((resolve, reject) => {
      const sending = request(url, { method: "POST", localAddress, agent: false }, (answer) => {
        answer.resume().once("close", () => resolve(answer.statusCode ?? 0));
      });
      sending.once("error", reject).end("x");
    });

  it("are 503 above 120 a minute from a network that has sent no genuine one", async () => {
    decide = async () => ({ status: 401, text: "forged" });
    const statuses: number[] = [];
    for (let count = 0; count < 130; count += 1) statuses.push(await callFrom("127.0.0.9"));
    assert.deepEqual(statuses, [...Array(120).fill(401), ...Array(10).fill(503)]);
    assert.equal(await callFrom("127.0.0.8"), 401);
  });

  it("are all answered when the first ones of a network come together", async () => {
    decide = async () => {
      await pause(50);
      return { status: 200, text: "success", genuine: true };
    };
    const together = Array.from({ length: 40 }, () => callFrom("127.0.0.5"));
    assert.deepEqual(await Promise.all(together), Array(40).fill(200));
    decide = async () => ({ status: 401, text: "forged" });
    const forged = Array.from({ length: 40 }, () => callFrom("127.0.0.6"));
    assert.deepEqual(await Promise.all(forged), Array(40).fill(401));
  });

  it("are answered 503 after a second without a place", async () => {
    const { promise: over, resolve } = Promise.withResolvers<Decision>();
    decide = () => over;
    const forged = Array.from({ length: 12 }, () => callFrom("127.0.0.7"));
    assert.equal(await Promise.any(forged), 503);
    resolve({ status: 401, text: "forged" });
    const statuses = (await Promise.all(forged)).sort((a, b) => a - b);
    assert.deepEqual(statuses, [...Array(10).fill(401), 503, 503]);
  });

  it("have places of their own from a network that has sent a genuine one", async () => {
    decide = async () => ({ status: 200, text: "success", genuine: true });
    assert.equal(await callFrom("127.0.0.3"), 200);
    const { promise: over, resolve } = Promise.withResolvers<Decision>();
    decide = () => over;
    const forged = Array.from({ length: 120 }, (_, index) => callFrom(`127.0.1.${index % 12}`));
    await eventually(() => assert.equal(calls.length, 51));
    decide = async () => ({ status: 200, text: "success", genuine: true });
    for (let count = 0; count < 150; count += 1) assert.equal(await callFrom("127.0.0.3"), 200);
    // Those that still wait get the places that are freed now.
    decide = () => over;
    resolve({ status: 401, text: "forged" });
    const statuses = await Promise.all(forged);
    assert.ok(statuses.every((status) => status === 401 || status === 503));
  });

  it("are answered once accepted, even when the gateway stops meanwhile", async () => {
    decide = () => pause(600, { status: 200, text: "success" });
    const answer = fetch(url, { method: "POST", body: "x" });
    await eventually(() => assert.equal(calls.length, 1));
    const stopped = gateway.end("SIGTERM");
    assert.equal((await answer).status, 200);
    await stopped;
    await gateway.start();
  });

  it("are repeated by the provider until the pay service is back", async () => {
    const sandbox: Sandbox = await startSandbox(url);
    try {
      await pay?.stop();
      const { id } = await sandbox.open();
      await sandbox.control.pay(id);
      const noticeOf = async () =>
        (await sandbox.control.state()).notices.find(({ paymentId }) => paymentId === id);
      await eventually(async () => {
        const notice = await noticeOf();
        assert.ok((notice?.attempts ?? 0) > 1);
        assert.match(notice?.lastAnswer ?? "", /^503 /);
      });
      await startPay();
      await eventually(async () => assert.equal((await noticeOf())?.state, "answered"));
      assert.equal(JSON.parse(calls[0]?.request.body.toString() ?? "").merchant_trade_id, id);
    } finally {
      await sandbox.stop();
    }
  });
});
