// `npm start`: brings up the whole shop on this machine and stays until it is asked to stop.
//
// The settings of every program are read first, and all their faults are reported together. One run
// per data directory: run.json in it names the process. A second start prints where the first one
// listens. The steps of a start are in up/start.ts:
//
//   1. end the programs of an earlier run that was killed, and check that the ports are free
//   2. find or bring up a database and a broker (engines/bring-up.ts)
//   3. start the services, the gateway, the sandbox provider and the simulators of the others as
//      supervised child processes, each with a log in the data directory; one that ends
//      unexpectedly is restarted
//   4. seed goods, users and coupons, except in production
//   5. print addresses, tokens and commands to try
//
// SIGINT, SIGTERM, SIGHUP or the end of the npm above this process stop everything in the reverse
// order, callers before those they call, so that each program finishes what it accepted. A second
// request kills the programs.

import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { ClientSettings } from "#platform/settings/service-settings.ts";
import type { ServiceName } from "#proto/services.ts";
import { CommandError, ExitCode, errorText, runCommand } from "../ops/command/command.ts";
import type { RunRecord } from "../ops/command/running-shop.ts";
import { shopPorts } from "./engines/ports.ts";
import { endServersOf } from "./engines/private-server.ts";
import { addressLines, providerLines, thingsToTry } from "./up/announce.ts";
import { type Edges, placeEdges } from "./up/edges.ts";
import { dataDir, recordFile, serverDirectories } from "./up/folders.ts";
import { Interrupted, type Lifecycle, lifecycle } from "./up/lifecycle.ts";
import { preflight } from "./up/preflight.ts";
import { say } from "./up/progress.ts";
import { ancestorsOf, claimRun } from "./up/run-record.ts";
import { startShop } from "./up/start.ts";

/** The shell's code for a process that Ctrl-C ended. */
const INTERRUPTED = 130;
/** A step in progress may take this long to end after a request to stop. */
const GRACE_MS = 5_000;

await runCommand({
  name: "start",
  summary:
    "Finds or brings up a database and a broker, starts the services, the gateway, the sandbox " +
    "provider and the simulators of Alipay, WeChat Pay and Stripe, seeds the shop, and stays until " +
    "Ctrl-C.",
  options: {},
  notes: [
    "Settings: docs/settings.md. Alipay and WeChat Pay take CNY only, and are there with " +
      "SHOP_CURRENCY=CNY. Payment providers: docs/payments.md.",
    `Exits with ${INTERRUPTED} if it is interrupted while it starts.`,
  ],
  run,
});
// Supervised programs and timers would keep the process alive.
process.exit();

async function run(): Promise<number> {
  const beginMs = Date.now();
  const { settings, listens } = preflight(process.env, dataDir);
  const ports = shopPorts(process.env);
  const edges = placeEdges(settings, process.env);
  const record: RunRecord = {
    pid: process.pid,
    ancestors: ancestorsOf(process.pid, process.env),
    state: "starting",
    lines: [],
  };
  const other = await claimRun(recordFile, record, say);
  if (other !== undefined) {
    const state = other.state === "up" ? "is already running" : "is already starting";
    console.log([`jetshop ${state} (pid ${other.pid})`, ...other.lines].join("\n"));
    return ExitCode.DONE;
  }
  const life = lifecycle(recordFile, record, say);
  try {
    const started = startShop({ life, settings, listens, ports, edges });
    const { engines, seeded, offered } = await Promise.race([started, interruption(life)]);
    const { mysql, nats } = engines;
    const found = { ...edges, database: mysql.description, broker: nats.description };
    record.lines = [...addressLines(settings, found), ...providerLines(offered)];
    record.state = "up";
    record.upSinceMs = Date.now();
    life.save();
    await announce({ settings, edges, seeded, record, beginMs });
    console.log(`\nstopping (${await life.stopRequested})`);
    return ExitCode.DONE;
  } catch (error) {
    if (error instanceof Interrupted) return INTERRUPTED;
    throw new CommandError(`\njetshop cannot start: ${errorText(error)}`, { cause: error });
  } finally {
    await life.stop();
    // An interrupted start may have left servers that it had not registered yet.
    await endServersOf(serverDirectories, dataDir);
    rmSync(recordFile, { force: true });
    if (record.lines.length > 0) console.log("stopped");
  }
}

async function interruption(life: Lifecycle): Promise<never> {
  const cause = await life.stopRequested;
  await pause(GRACE_MS);
  throw new Interrupted(cause);
}

async function announce(options: {
  settings: ClientSettings<ServiceName>;
  edges: Edges;
  seeded: Parameters<typeof thingsToTry>[1]["seeded"];
  record: RunRecord;
  beginMs: number;
}): Promise<void> {
  const { settings, edges, seeded, record, beginMs } = options;
  const isProduction = settings.env === "production";
  const { gateway } = edges;
  const tries = isProduction ? [] : await thingsToTry(settings, { seeded, gateway });
  const seconds = ((Date.now() - beginMs) / 1_000).toFixed(0);
  const logs = join(relative(process.cwd(), dataDir), "logs");
  const heading = `\njetshop is up after ${seconds} s; its logs are in ${logs}\n`;
  console.log([heading, ...record.lines, "", ...tries, "", "Ctrl-C stops it."].join("\n"));
}
