import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";

const run = new URL("./run.ts", import.meta.url);
const http = new URL("../http/server.ts", import.meta.url);
const settings = new URL("../settings/settings.ts", import.meta.url);

describe("runService", () => {
  const folder = mkdtempSync(join(tmpdir(), "jetshop-run-"));
  let child: ChildProcess;
  let output = "";

  function start(body: string): ChildProcess {
    const file = join(folder, "main.mts");
    const imports = [
      `import { runService } from "${run}";`,
      `import { SettingsError } from "${settings}";`,
    ];
    writeFileSync(file, `${imports.join("\n")}\n${body}`);
    child = fork(file, { stdio: ["ignore", "pipe", "pipe", "ipc"] });
    output = "";
    child.stdout?.on("data", (data) => {
      output += data;
    });
    child.stderr?.on("data", (data) => {
      output += data;
    });
    return child;
  }

  const stopSlowly = `runService(async () => {
    const alive = setInterval(() => {}, 1000);
    return { address: "a:1", async stop() {
      console.log("stopping");
      await new Promise((resolve) => setTimeout(resolve, 300));
      console.log("stopped");
      clearInterval(alive);
    } };
  });`;

  afterEach(() => child.kill("SIGKILL"));
  after(() => rmSync(folder, { recursive: true }));

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`notifies its parent when it is ready, and stops once on ${signal}`, async () => {
      start(stopSlowly);
      assert.deepEqual((await once(child, "message"))[0], { ready: true, address: "a:1" });
      child.kill(signal);
      assert.equal((await once(child, "close"))[0], 0);
      assert.equal(output, "stopping\nstopped\n");
    });
  }

  it("stops when its parent has exited", async () => {
    start(stopSlowly);
    await once(child, "message");
    // Node emits no "close" for a child after `disconnect`.
    const ended = Promise.all([once(child, "exit"), once(child.stdout as Readable, "end")]);
    child.disconnect();
    assert.equal((await ended)[0][0], 0);
    assert.equal(output, "stopping\nstopped\n");
  });

  it("exits at once on a second signal", async () => {
    start(stopSlowly.replace("300", "60000"));
    await once(child, "message");
    child.kill("SIGTERM");
    await once(child.stdout as Readable, "data");
    child.kill("SIGTERM");
    assert.equal((await once(child, "close"))[0], 1);
  });

  it("lists faulty settings and exits with 2", async () => {
    start(`runService(async () => { throw new SettingsError(["A: must be set", "B: wrong"]); });`);
    assert.equal((await once(child, "close"))[0], 2);
    assert.match(output, /2 fault\(s\):\n {2}- A: must be set\n {2}- B: wrong/);
  });

  it("lists faulty settings also where the start is not async", async () => {
    start(`runService(() => { throw new SettingsError(["A: must be set"]); });`);
    assert.equal((await once(child, "close"))[0], 2);
    assert.equal(output, "the settings have 1 fault(s):\n  - A: must be set\n");
  });

  it("prints a sentence without a stack for a port in use and a file that cannot be opened", async () => {
    const failures: [string, RegExp][] = [
      [
        `const { createServer } = await import("node:net");
         const { startHttpServer } = await import("${http}");
         const other = createServer().listen(0, "127.0.0.1");
         await new Promise((resolve) => other.once("listening", resolve));
         const listen = { host: "127.0.0.1", port: other.address().port };
         runService(() => startHttpServer({ listen, handle: async () => undefined }));`,
        /^cannot listen on 127\.0\.0\.1:\d+: the port is in use; end the program [^\n]*\n$/,
      ],
      [
        `import { readFileSync } from "node:fs";
         runService(async () => readFileSync("/proc/nope/file"));`,
        /^ENOENT: [^\n]*\/proc\/nope\/file'\n$/,
      ],
    ];
    for (const [body, message] of failures) {
      start(body);
      assert.equal((await once(child, "close"))[0], 1);
      assert.match(output, message);
    }
  });

  it("exits with 0 when it is stopped while it waits for what it needs", async () => {
    start(`import { stopSignal } from "${run}";
      runService(() => new Promise((resolve, reject) => {
        const alive = setInterval(() => {}, 1000);
        stopSignal.addEventListener("abort", () => reject(stopSignal.reason));
        console.log("waiting");
      }));`);
    await once(child.stdout as Readable, "data");
    child.kill("SIGTERM");
    assert.deepEqual([(await once(child, "close"))[0], output], [0, "waiting\n"]);
  });

  it("exits with 1 when it cannot start", async () => {
    start(`runService(async () => { throw new Error("no way"); });`);
    assert.equal((await once(child, "close"))[0], 1);
    assert.match(output, /no way/);
  });
});
