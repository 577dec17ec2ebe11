import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type BringUpOptions, bringUpEngine } from "./bring-up.ts";
import { chooseLocalSource } from "./choice.ts";
import { packagesDirOf } from "./packages.ts";
import { freePorts } from "./ports.ts";
import { probeBroker } from "./probes.ts";

const packagesDir = packagesDirOf(process.env);

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

  it("is restarted when it ends unexpectedly", async () => {
    const broker = await bringUpEngine("nats", options);
    const first = broker.server?.pid() ?? 0;
    try {
      process.kill(first, "SIGKILL");
      const deadline = Date.now() + 10_000;
      while (broker.server?.pid() === first || !(await answers(broker.url))) {
        assert.ok(Date.now() < deadline, "it is not restarted");
        await pause(20);
      }
      assert.match(lines.join("\n"), /nats-server ended unexpectedly \(SIGKILL\)/);
    } finally {
      await broker.stop();
    }
    assert.equal(await answers(broker.url), false);
  });

  it("refuses a login without the password", async () => {
    const broker = await bringUpEngine("nats", options);
    try {
      await assert.rejects(probeBroker(`nats://127.0.0.1:${options.natsPort}`), /Authorization/i);
    } finally {
      await broker.stop();
    }
  });

  it("may be given as the servers of a cluster, of which one answers", async () => {
    const broker = await bringUpEngine("nats", options);
    const [away] = await freePorts(1);
    const { username, password } = new URL(broker.url);
    const list = [
      `nats://${username}:${password}@127.0.0.1:${away}`,
      `nats://${new URL(broker.url).host}`,
    ];
    const env = { SHOP_NATS_URL: list.join(", ") };
    try {
      const given = await bringUpEngine("nats", { ...options, source: undefined, env });
      assert.equal(given.url, env.SHOP_NATS_URL);
      assert.match(given.description, /^nats-server [\d.]+ at nats:.*:\*\*\*@.*, nats:/);
      assert.ok(!given.description.includes(password));
    } finally {
      await broker.stop();
    }
    const wrong = { ...options, source: undefined, env: { SHOP_NATS_URL: "nats://a:1,http://b" } };
    await assert.rejects(bringUpEngine("nats", wrong), /SHOP_NATS_URL must look like/);
  });

  it("replaces one that an earlier run left behind", async () => {
    const url = new URL("./bring-up.ts", import.meta.url).href;
    const script = `import { bringUpEngine } from ${JSON.stringify(url)};
      const options = ${JSON.stringify(options)};
      await bringUpEngine("nats", { ...options, log() {} });
      process.kill(process.pid, "SIGKILL");`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", script]);
    await new Promise((resolve) => parent.on("exit", resolve));
    const broker = await bringUpEngine("nats", options);
    await broker.stop();
    assert.match(lines.join("\n"), /stopping nats-server of an earlier run \(pid \d+\)/);
  });

  it("is refused with the port that is in use", async () => {
    const broker = await bringUpEngine("nats", options);
    const other = mkdtempSync(join(tmpdir(), "jetshop-ground-"));
    try {
      await assert.rejects(
        bringUpEngine("nats", { ...options, dataDir: other }),
        /port \d+ of nats-server is in use; end the program that listens there, or set SHOP_PORT_BASE/,
      );
    } finally {
      rmSync(other, { recursive: true });
      await broker.stop();
    }
  });

  it("is started by docker compose with its port and password, and stopped there", async () => {
    // Docker is a script here; a broker with the same password listens on the port.
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

  it("comes from elsewhere when docker compose fails", async () => {
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
