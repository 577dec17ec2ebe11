// `npm run profile`: records where the CPU time of a process under load goes, as a flame graph and
// a table.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "#platform/settings/folders.ts";
import { SetupError } from "../local/engines/setup-error.ts";
import type { Engines } from "../testbed/engines/engines.ts";
import { freePorts } from "../testbed/engines/ports.ts";
import { bare } from "./bare/bare.ts";
import { BenchError } from "./bench-error.ts";
import { makeCatalog } from "./catalog.ts";
import { startEngines } from "./engines.ts";
import { startClients } from "./load/clients.ts";
import type { Phase, Places } from "./load/messages.ts";
import { monolith } from "./monolith/monolith.ts";
import { UsageError } from "./options.ts";
import { costsOf } from "./profile/functions.ts";
import { openInspector } from "./profile/inspector.ts";
import { type ProfileOptions, readProfileOptions, USAGE } from "./profile/options.ts";
import { flameGraphPage } from "./profile/page.ts";
import { costTable } from "./profile/table.ts";
import { phaseBar } from "./progress.ts";
import { startShop } from "./shop/shop.ts";
import type { Catalog, Running } from "./target.ts";

/** Enough for more than 2,000 orders per second with their share of coupons. */
const COUPONS_A_SECOND = 1_000;
const SIZE = { items: 10_000, shoppers: 2_000, flashes: 1 };
/** Until frequent code is compiled. */
const WARM_UP_SECONDS = 5;
const SAMPLE_EVERY_MICROSECONDS = 500;

async function profile(options: ProfileOptions): Promise<void> {
  const { program, workload, seconds, inFlight, directory } = options;
  const undo: (() => Promise<void>)[] = [];
  try {
    const inspectorPort = await portForInspector();
    const engines = await startEngines((line) => console.error(line));
    undo.push(engines.stop);
    const coupons = COUPONS_A_SECOND * (seconds + WARM_UP_SECONDS);
    const size = { ...SIZE, coupons };
    const catalog = await makeCatalog(size);
    const { running, places } = await startTarget(options, { engines, catalog });
    undo.push(running.stop);
    const tokens = catalog.shoppers.map(({ token }) => token);
    const clients = await startClients({
      clients: options.clients,
      size,
      tokens,
      retail: undefined,
    });
    undo.push(clients.stop);

    const phase: Phase = {
      target: options.target,
      places,
      workload,
      loop: { kind: "closed", inFlight },
      seconds,
      seed: "profile",
    };
    await clients.play({ ...phase, seconds: WARM_UP_SECONDS, seed: "warm-up" });
    const pid = running.processes().find(({ name }) => name === program)?.pid;
    if (pid === undefined) throw new BenchError(`the target has no process ${program}`);
    const inspector = await openInspector(pid, inspectorPort);
    await inspector.start(SAMPLE_EVERY_MICROSECONDS);
    const bar = phaseBar(`${program}: ${workload}, ${inFlight} in flight`, seconds);
    const summary = await clients.play(phase, { progress: bar.done }).finally(() => bar.end());
    const recorded = await inspector.stop();
    inspector.close();

    makeFolder(directory);
    const file = (ending: string) => join(directory, `${program}-${workload}.${ending}`);
    writeFileSync(file("cpuprofile"), JSON.stringify(recorded));
    const title = `${program} under ${workload}, ${inFlight} in flight`;
    writeFileSync(file("html"), flameGraphPage(title, recorded));
    const orders = summary.outcomes.ok ?? 0;
    console.log(`${title}, ${seconds} s: ${words(summary.outcomes)}`);
    console.log(costTable(costsOf(recorded), { orders, top: options.top }));
    console.log(`${file("cpuprofile")}\n${file("html")}`);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

/**
 * Chooses the port on which processes started from here would open their inspector; only one is
 * asked to.
 */
async function portForInspector(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new BenchError("no port is free on 127.0.0.1");
  const others = process.env.NODE_OPTIONS ?? "";
  process.env.NODE_OPTIONS = `${others} --inspect-port=127.0.0.1:${port}`.trim();
  return port;
}

async function startTarget(
  { target, paying }: ProfileOptions,
  { engines, catalog }: { engines: Engines; catalog: Catalog },
): Promise<{ running: Running; places: Places }> {
  if (target !== "shop") {
    const baseline = target === "bare" ? bare : monolith();
    const running = await baseline.start(engines, catalog);
    return { running, places: { order: running.orderAddress } };
  }
  const shop = await startShop(engines, catalog, { paying });
  const { addresses, gatewayUrl, sandboxUrl } = shop;
  const { order, goods, pay } = addresses;
  return { running: shop, places: { order, goods, pay, gatewayUrl, sandboxUrl } };
}

const words = (outcomes: Record<string, number>) =>
  Object.entries(outcomes)
    .map(([name, count]) => `${count} ${name}`)
    .join(", ");

async function main(): Promise<void> {
  const options = readProfileOptions(process.argv.slice(2), process.env);
  if (options) await profile(options);
  else console.log(USAGE);
}

main().catch((error: Error) => {
  const isExpected = [UsageError, BenchError, SetupError].some((kind) => error instanceof kind);
  const advice = error instanceof UsageError ? " (see --help)" : "";
  console.error(isExpected ? `${error.message}${advice}` : error);
  process.exitCode = 2;
});
