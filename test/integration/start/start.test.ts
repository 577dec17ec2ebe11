import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isPortFree } from "../../../local/engines/ports.ts";
import { commandLine } from "../../../ops/command/running-shop.ts";
import { temporaryDirectory } from "../../../testbed/engines/directories.ts";
import { openSchemas } from "../../../testbed/shop/schemas.ts";
import { deleteStreams } from "../../../testbed/shop/streams.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const services = ["goods", "coupon", "user", "order", "pay"];
const edges = ["gateway", "sandbox", "simulators"];
const programs = [...services, ...edges];

describe("npm start", () => {
  const namespace = `t${randomBytes(5).toString("hex")}`;
  let directory: string;
  let env: NodeJS.ProcessEnv;
  let runs: Run[];

  before(async () => {
    directory = temporaryDirectory();
    runs = [];
    env = {
      ...process.env,
      SHOP_DATA_DIR: directory,
      SHOP_NAMESPACE: namespace,
      SHOP_PORT_BASE: String(await freeBase()),
      SHOP_ENV: "test",
    };
  });

  after(async () => {
    for (const run of runs) {
      run.child.kill("SIGTERM");
      await run.ended;
    }
    const schemas = openSchemas(namespace);
    await schemas.drop();
    await schemas.close();
    await deleteStreams(namespace);
    await rm(directory, { recursive: true });
  });

  function start(): Run {
    const run = startRun(env);
    runs.push(run);
    return run;
  }

  it("starts and seeds everything, and prints addresses and commands to try", async () => {
    const run = await start().until(/Ctrl-C stops it/);
    for (const service of services)
      assert.match(run.output(), new RegExp(`  ${service} +127.0.0.1:`));
    for (const edge of edges) {
      const address = new RegExp(`  ${edge} +(http://127\\S+)`).exec(run.output())?.[1];
      assert.equal((await fetch(`${address}/healthz`)).status, 200);
    }
    assert.equal(run.output().match(/^ {2}(curl|grpcurl) .*shop\.\w+\.v1\./gm)?.length, 3);
    assert.equal(run.output().match(/^ {2}export (ADMIN|SHOPPER)=\S+$/gm)?.length, 2);
    assert.match(run.output(), /ada +"ada likes tea"/);
    assert.match(run.output(), /stripe +simulated/);
    assert.match(
      run.output(),
      /alipay +not offered: takes CNY only; .*SHOP_CURRENCY=CNY npm start/,
    );
    assert.match(run.output(), /Login .* 15 minutes/);
  });

  it("prints the addresses of the running shop when it is started again", async () => {
    const second = start();
    assert.equal(await second.ended, 0);
    assert.match(second.output(), /jetshop is already running \(pid \d+\)\n {2}goods +127/);
  });

  it("restarts a service that was killed", async () => {
    process.kill(pidOf("goods"), "SIGKILL");
    await runs[0]?.until(/goods is back at 127/);
  });

  it("comes up again with the same users after it was killed", async () => {
    const pids = programs.map(pidOf);
    const shopper = /user (\d+)\), for a day:/;
    const before = shopper.exec(runs[0]?.output() ?? "")?.[1];
    runs[0]?.child.kill("SIGKILL");
    const again = await start().until(/Ctrl-C stops it/);
    assert.equal(shopper.exec(again.output())?.[1], before);
    for (const pid of pids)
      assert.ok(!commandLine(pid)?.includes("main.ts"), "an orphan still runs");
  });

  it("calls nothing broken that is on its way since before a restart", async () => {
    const schemas = openSchemas(namespace);
    await schemas.sql(
      "order",
      `insert into outbox (event_id, fact, event_type, order_id, payload, traceparent, consumers,
         state, next_at, create_time)
       values (1, 'order.v1.shipped', '', 1, '', '', 'user', 2, now(3) + interval 1 hour,
         now(3) - interval 1 hour)`,
    );
    try {
      const young = await command("ops/audit.ts", []);
      assert.match(young.output, /1 undelivered events.*clean: all/s);
      assert.equal(young.code, 0);
      const strict = await command("ops/audit.ts", ["--settle-seconds", "0"]);
      assert.match(strict.output, /BROKEN +events-are-delivered/);
    } finally {
      await schemas.sql("order", "delete from outbox where event_id = 1");
      await schemas.close();
    }
  });

  it("stops everything at SIGTERM and exits with 0", async () => {
    const pids = programs.map(pidOf);
    const running = runs.at(-1);
    running?.child.kill("SIGTERM");
    assert.equal(await running?.ended, 0);
    assert.match(running?.output() ?? "", /stopping \(SIGTERM\)\nstopped\n$/);
    for (const pid of pids) assert.equal(commandLine(pid), undefined);
    assert.equal(existsSync(join(directory, "run.json")), false);
  });

  it("exits with 2 and names the setting that is wrong", async () => {
    const run = startRun({ ...env, SHOP_PORT_BASE: "12" });
    assert.equal(await run.ended, 2);
    assert.match(run.output(), /SHOP_PORT_BASE: must be a whole number/);
  });

  it("exits with 2 and lists the faults of all programs before anything is brought up", async () => {
    const faulty = {
      SHOP_CURRENCY: "Euro",
      SHIPPING_FEE_CENTS: "-1",
      POINTS_PER_UNIT: "1000",
      SHOP_RATE_PER_USER: "x",
      SHOP_DATA_DIR: "/proc/nope",
    };
    const run = startRun({ ...env, ...faulty });
    assert.equal(await run.ended, 2);
    const lines = run.output().trim().split("\n");
    assert.deepEqual(
      lines.map((line) => line.split(":")[0]?.trim()).sort(),
      ["the settings have 5 fault(s)", ...Object.keys(faulty).map((name) => `- ${name}`)].sort(),
    );
  });

  it("exits with 1 and names each program whose port is in use", async () => {
    const base = Number(env.SHOP_PORT_BASE);
    const servers = [base, base + 8].map((port) => createServer().listen(port, "127.0.0.1"));
    try {
      const run = startRun(env);
      assert.equal(await run.ended, 1);
      assert.match(run.output(), /cannot start: *\n {2}- gateway: .*\n {2}- sandbox: .*in use/);
      assert.doesNotMatch(run.output(), /\n +at /);
    } finally {
      for (const server of servers) server.close();
    }
  });

  it("says what it waits for, and stops waiting when it is asked to", async () => {
    // An address of a network that leads nowhere.
    const run = startRun({ ...env, SHOP_MYSQL_URL: "mysql://root:secret@192.0.2.1:3306" });
    await run.until(/SHOP_MYSQL_URL: waiting up to \d+ s for mysql:\/\/root:\*\*\*@192\.0\.2\.1/);
    run.child.kill("SIGTERM");
    assert.equal(await run.ended, 130);
  });

  /** Runs a command that finds the shop by its record alone. */
  async function command(program: string, args: string[]) {
    const { SHOP_DATA_DIR, PATH } = env;
    const run = startRun({ PATH, SHOP_DATA_DIR }, [program, ...args]);
    return { code: await run.ended, output: run.output() };
  }

  function pidOf(service: string): number {
    return Number(readFileSync(join(directory, "services", `${service}.pid`), "utf8"));
  }
});

type Run = {
  child: ChildProcess;
  output(): string;
  /** Resolves when the output matches; rejects if the process ends before. */
  until(pattern: RegExp): Promise<Run>;
  ended: Promise<number | null>;
};

function startRun(env: NodeJS.ProcessEnv, args = ["local/up.ts"]): Run {
  const child = spawn(process.execPath, args, { cwd: root, env });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const run: Run = {
    child,
    output: () => text,
    ended,
    async until(pattern) {
      const deadline = Date.now() + 60_000;
      while (!pattern.test(text)) {
        assert.ok(
          child.exitCode === null && Date.now() < deadline,
          `not seen: ${pattern}\n${text}`,
        );
        await pause(20);
      }
      return run;
    },
  };
  return run;
}

/** The first of ten successive ports on which nothing listens. */
async function freeBase(): Promise<number> {
  for (;;) {
    const base = 15_000 + 10 * Math.floor(Math.random() * 1_500);
    const ports = Array.from({ length: 10 }, (_, index) => base + index);
    if ((await Promise.all(ports.map(isPortFree))).every(Boolean)) return base;
  }
}
