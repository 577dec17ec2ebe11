import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type BringUpOptions, bringUpEngine } from "./bring-up.ts";
import { chooseLocalSource } from "./choice.ts";
import { freePorts } from "./ports.ts";
import { probeBroker } from "./probes.ts";

const packagesDir = new URL("../../.shop/packages", import.meta.url).pathname;

describe("a broker that is brought up", () => {
  let options: BringUpOptions;
  let lines: string[];

  beforeEach(async () => {
    lines = [];
    const log = (line: string) => lines.push(line);
    const surroundings = { env: process.env, packagesDir, log };
    const [natsPort = 0, mysqlPort = 0] = await freePorts(2);
    options = {
      dataDir: mkdtempSync(join(tmpdir(), "jetshop-ground-")),
      natsPort,
      mysqlPort,
      log,
      source: await chooseLocalSource("nats", surroundings),
    };
  });
  afterEach(() => rmSync(options.dataDir, { recursive: true }));

  it("is started again when it dies by itself", async () => {
    const broker = await bringUpEngine("nats", options);
    const first = broker.server?.pid() ?? 0;
    try {
      process.kill(first, "SIGKILL");
      const deadline = Date.now() + 10_000;
      while (broker.server?.pid() === first || !(await answers(broker.url))) {
        assert.ok(Date.now() < deadline, "it does not come back");
        await pause(20);
      }
      assert.match(lines.join("\n"), /nats-server ended by itself \(SIGKILL\)/);
    } finally {
      await broker.stop();
    }
    assert.equal(await answers(broker.url), false);
  });

  it("lets nobody in without the password", async () => {
    const broker = await bringUpEngine("nats", options);
    try {
      await assert.rejects(probeBroker(`nats://127.0.0.1:${options.natsPort}`), /Authorization/i);
    } finally {
      await broker.stop();
    }
  });

  it("takes the place of one whose parent was killed", async () => {
    const url = new URL("./bring-up.ts", import.meta.url).href;
    const script = `import { bringUpEngine } from ${JSON.stringify(url)};
      const options = ${JSON.stringify(options)};
      await bringUpEngine("nats", { ...options, log() {} });
      process.kill(process.pid, "SIGKILL");`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", script]);
    await new Promise((resolve) => parent.on("exit", resolve));
    const broker = await bringUpEngine("nats", options);
    await broker.stop();
    assert.match(lines.join("\n"), /nats-server of an earlier run \(pid \d+\) is stopped first/);
  });

  it("says which port is taken", async () => {
    const broker = await bringUpEngine("nats", options);
    const other = mkdtempSync(join(tmpdir(), "jetshop-ground-"));
    try {
      await assert.rejects(
        bringUpEngine("nats", { ...options, dataDir: other }),
        /port \d+ for nats-server is taken by another program; SHOP_PORT_BASE moves all ports/,
      );
    } finally {
      rmSync(other, { recursive: true });
      await broker.stop();
    }
  });

  it("is asked for in docker compose with ports and passwords, and stopped there", async () => {
    // The engine is a script; what listens on the port is a broker with the same password.
    const listening = await bringUpEngine("nats", options);
    const folder = join(options.dataDir, "bin");
    const calls = join(options.dataDir, "calls");
    mkdirSync(folder);
    writeFileSync(
      join(folder, "docker"),
      `#!/bin/sh\necho "$@ $SHOP_NATS_PORT" >> ${calls}\ntest "$1" = info && echo 28\nexit 0\n`,
    );
    chmodSync(join(folder, "docker"), 0o755);
    const env = { ...process.env, SHOP_NATS_URL: "", PATH: `${folder}:${process.env.PATH}` };
    try {
      const broker = await bringUpEngine("nats", { ...options, source: undefined, env });
      assert.match(broker.description, /^nats-server [\d.]+ in docker/);
      await broker.stop();
    } finally {
      await listening.stop();
    }
    const called = readFileSync(calls, "utf8");
    assert.match(called, new RegExp(`up --detach --wait nats ${options.natsPort}\n`));
    assert.match(called, /--project-name jetshop-[0-9a-f]{10} .* stop nats/);
  });

  it("is looked for elsewhere when docker compose fails", async () => {
    const folder = join(options.dataDir, "bin");
    mkdirSync(folder);
    const script =
      '#!/bin/sh\ncase "$*" in *" up "*) echo no such image >&2; exit 1;; esac\necho 28\n';
    writeFileSync(join(folder, "docker"), script);
    chmodSync(join(folder, "docker"), 0o755);
    const env = { ...process.env, SHOP_NATS_URL: "", PATH: `${folder}:${process.env.PATH}` };
    const broker = await bringUpEngine("nats", { ...options, source: undefined, env });
    await broker.stop();
    assert.match(lines.join("\n"), /docker compose up nats: no such image; trying without docker/);
  });
});

async function answers(url: string): Promise<boolean> {
  return probeBroker(url).then(
    () => true,
    () => false,
  );
}
