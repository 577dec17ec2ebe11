// `npm start`: gets a database and a broker, starts the five services, the gateway and the sandbox
// platform, seeds them, and stays.

import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Listr, type ListrTask } from "listr2";
import {
  type ClientSettings,
  clientSettings,
  defaultPort,
} from "#platform/settings/service-settings.ts";
import { readSettings, SettingsError } from "#platform/settings/settings.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import type { RunRecord } from "../ops/command/running-shop.ts";
import { type Seeded, seed } from "../ops/seed.ts";
import { bringUpEngine, type Engine } from "./engines/bring-up.ts";
import { chooseSource } from "./engines/choice.ts";
import type { Part } from "./engines/docker.ts";
import { askForSudo } from "./engines/packages.ts";
import { assertPortFree, shopPorts } from "./engines/ports.ts";
import { endServersOf } from "./engines/private-server.ts";
import { SetupError } from "./engines/setup-error.ts";
import { addressLines, thingsToTry } from "./up/announce.ts";
import { EDGES, type Edges, placeEdges } from "./up/edges.ts";
import { Interrupted, type Lifecycle, lifecycle } from "./up/lifecycle.ts";
import { ancestorsOf, claimRun } from "./up/run-record.ts";
import { type Supervised, supervised } from "./up/supervised.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const dataDir = resolve(root, process.env.SHOP_DATA_DIR || ".shop");
const serverDirectories = ["nats", "mariadb", "mysql"].map((name) => join(dataDir, name));
const recordFile = join(dataDir, "run.json");

type Found = { engines: Record<Part, Engine>; seeded: Seeded };

/** Lines go under the step that is drawn at the moment, afterwards straight to the terminal. */
let show: (line: string) => void = console.log;
const say = (line: string) => show(line);

async function main(): Promise<number> {
  const begun = Date.now();
  const settings = readSettings(process.env, (read) => clientSettings(read, SERVICES));
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
    const state = other.state === "up" ? "is running" : "is just starting";
    console.log([`jetshop ${state} already (pid ${other.pid})`, ...other.lines].join("\n"));
    return 0;
  }
  const life = lifecycle(recordFile, record, say);
  try {
    const found = await Promise.race([begin({ life, settings, ports, edges }), interruption(life)]);
    record.lines = addressLines(settings, {
      ...edges,
      database: found.engines.mysql.description,
      broker: found.engines.nats.description,
    });
    const told = { seeded: found.seeded, gateway: edges.gateway };
    const tries = settings.env === "production" ? [] : await thingsToTry(settings, told);
    record.state = "up";
    life.save();
    const seconds = ((Date.now() - begun) / 1_000).toFixed(0);
    const heading = `\njetshop is up (${seconds} s); logs are in ${relative(process.cwd(), dataDir)}/logs\n`;
    console.log([heading, ...record.lines, "", ...tries, "", "Ctrl-C stops it."].join("\n"));
    const reason = await life.asked;
    console.log(`\nstopping (${reason})`);
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) return 130;
    const known = error instanceof SetupError || error instanceof SettingsError;
    console.error(`\njetshop cannot start: ${known ? error.message : (error as Error).stack}`);
    return 1;
  } finally {
    await life.stop();
    // Only a start that was cut short leaves one: the others have stopped by now.
    await endServersOf(serverDirectories, dataDir);
    rmSync(recordFile, { force: true });
    if (record.lines.length > 0) console.log("stopped");
  }
}

// A step that is under way when somebody asks to stop may end by itself first.
const graceMs = 5_000;

async function interruption(life: Lifecycle): Promise<never> {
  const reason = await life.asked;
  await pause(graceMs);
  throw new Interrupted(reason);
}

type Start = {
  life: Lifecycle;
  settings: ClientSettings<ServiceName>;
  ports: { mysql: number; nats: number };
  edges: Edges;
};

async function begin(start: Start): Promise<Found> {
  const { life, settings } = start;
  const names = [...Object.keys(start.edges), ...SERVICES];
  const services = names.map((name) => [name, serviceOf(name)] as const);
  const chosen = await sources();
  const found = { engines: {}, seeded: { users: [] } } as unknown as Found;
  const steps: ListrTask[] = [
    {
      title: "Ports are free, nothing is left of an earlier run",
      task: async () => {
        await Promise.all(services.map(([, service]) => service.endOrphan()));
        for (const [number, name] of SERVICES.entries()) {
          // One that listens elsewhere says so itself.
          if (process.env[`SHOP_${name.toUpperCase()}_LISTEN`]) continue;
          await assertPortFree(defaultPort(settings.portBase, number), name);
        }
      },
    },
    ...(["mysql", "nats"] as const).map((part) => ({
      title: part === "mysql" ? "Database" : "Broker",
      task: async (_: unknown, task: { title: string }) => {
        const engine = await engineOf(part, { start, source: chosen[part] });
        found.engines[part] = engine;
        task.title = `${task.title}: ${engine.description}`;
      },
    })),
    {
      title: "Programs",
      task: (_, task) => {
        const { mysql, nats } = found.engines;
        life.record.addresses = { SHOP_MYSQL_URL: mysql.url, SHOP_NATS_URL: nats.url };
        Object.assign(process.env, life.record.addresses);
        life.atStop(() => stopServices(new Map(services)));
        life.atHurry(() => {
          for (const [, service] of services) service.kill();
        });
        const starts = services.map(([name, service]) => ({
          title: name,
          task: async (__: unknown, own: { title: string }) => {
            own.title = `${name} on ${await service.start()}`;
          },
        }));
        return task.newListr(starts, { concurrent: true, exitOnError: true });
      },
    },
    {
      title: "Catalogue, users with balance, coupons",
      enabled: () => settings.env !== "production",
      task: async () => {
        found.seeded = await seed(settings);
      },
    },
  ];
  await draw(steps, life);
  return found;
}

/** Runs the steps one after the other; a drawing on a terminal, plain lines elsewhere. */
async function draw(steps: ListrTask[], life: Lifecycle): Promise<void> {
  const guarded = steps.map((step) => ({
    ...step,
    task: (context: unknown, task: Parameters<ListrTask["task"]>[1]) => {
      life.checkpoint();
      show = (line) => {
        task.output = line;
      };
      return step.task(context as never, task);
    },
  }));
  try {
    await new Listr(guarded as ListrTask[], {
      concurrent: false,
      registerSignalListeners: false,
      fallbackRenderer: "simple",
      rendererOptions: { collapseSubtasks: false, collapseErrors: false, showErrorMessage: false },
    }).run();
    life.checkpoint();
  } finally {
    show = console.log;
  }
}

/** Chosen before anything is drawn, because sudo may have to ask for a password. */
async function sources() {
  const surroundings = { env: process.env, packagesDir: join(root, ".shop/packages"), log: say };
  const mysql = await chooseSource("mysql", surroundings);
  const nats = await chooseSource("nats", surroundings);
  const packages = [mysql, nats].some(
    (source) => source.kind === "package" && source.manager === "apt",
  );
  if (packages) await askForSudo(process.env);
  return { mysql, nats };
}

async function engineOf(
  part: Part,
  { start, source }: { start: Start; source: Awaited<ReturnType<typeof chooseSource>> },
): Promise<Engine> {
  const { mysql: mysqlPort, nats: natsPort } = start.ports;
  const engine = await bringUpEngine(part, { dataDir, mysqlPort, natsPort, log: say, source });
  start.life.atStop(() => engine.stop());
  return engine;
}

function serviceOf(name: string): Supervised {
  const path = EDGES[name] ?? `services/${name}/main.ts`;
  const main = join(root, path);
  if (!existsSync(main)) throw new SetupError(`${path} is missing`);
  const directory = join(dataDir, "services");
  mkdirSync(directory, { recursive: true });
  mkdirSync(join(dataDir, "logs"), { recursive: true });
  const logFile = join(dataDir, "logs", `${name}.log`);
  return supervised({ name, main, directory, logFile, say });
}

/** First those that call others, so that what they accepted can still be finished. */
async function stopServices(services: Map<string, Supervised>): Promise<void> {
  for (const callers of [["gateway"], ["order", "pay"]]) {
    await Promise.all(callers.map(async (name) => services.get(name)?.stop()));
  }
  await Promise.all([...services.values()].map((service) => service.stop()));
}

process.exitCode = await main().catch((error: Error) => {
  const known = error instanceof SetupError || error instanceof SettingsError;
  console.error(known ? error.message : error);
  return error instanceof SettingsError ? 2 : 1;
});
process.exit();
