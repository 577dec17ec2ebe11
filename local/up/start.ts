import type { ListrTask } from "listr2";
import type { ClientSettings } from "#platform/settings/service-settings.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { shopSettings } from "../../ops/command/running-shop.ts";
import { type Seeded, seed } from "../../ops/seed.ts";
import { bringUpEngine, type Engine } from "../engines/bring-up.ts";
import { chooseSource, type Source } from "../engines/choice.ts";
import type { Part } from "../engines/docker.ts";
import { askForSudo, packagesDirOf } from "../engines/packages.ts";
import { assertCanListen, type Listen } from "../engines/ports.ts";
import type { Edges } from "./edges.ts";
import { dataDir } from "./folders.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { type Offered, offerSimulated } from "./offer-simulated.ts";
import { type Programs, programsOf, stopPrograms } from "./programs.ts";
import { runSteps, say } from "./progress.ts";

type Start = {
  life: Lifecycle;
  settings: ClientSettings<ServiceName>;
  /** Where each program will listen. */
  listens: readonly Listen[];
  /** Of a private database and broker. */
  ports: { mysql: number; nats: number };
  edges: Edges;
};

type Started = {
  engines: Record<Part, Engine>;
  seeded: Seeded;
  /** Undefined without simulators. */
  offered?: Offered;
};

/** Takes the steps of a start; what has to be stopped is registered with the lifecycle. */
export async function startShop(start: Start): Promise<Started> {
  const { life, settings } = start;
  const programs = programsOf([...Object.keys(start.edges), ...SERVICES], say);
  // Chosen before the steps are drawn, because sudo may ask for a password.
  const sources = await chooseSources();
  const started = { engines: {}, seeded: { users: [] } } as unknown as Started;
  const steps: ListrTask[] = [
    {
      title: "Ports are free, and no program of an earlier run is left",
      task: () => checkGround(programs, start.listens),
    },
    ...(["mysql", "nats"] as const).map((part) => ({
      title: part === "mysql" ? "Database" : "Broker",
      task: async (_: unknown, task: { title: string }) => {
        const engine = await bringUp(part, { start, source: sources[part] });
        started.engines[part] = engine;
        task.title = `${task.title}: ${engine.description}`;
      },
    })),
    { title: "Programs", task: (_, task) => startPrograms(programs, { task, started, start }) },
    {
      title: "Goods, users and coupons",
      enabled: () => settings.env !== "production",
      task: async () => {
        started.seeded = await seed(settings);
      },
    },
  ];
  await runSteps(steps, life);
  return started;
}

async function chooseSources(): Promise<Record<Part, Source>> {
  const surroundings = { env: process.env, packagesDir: packagesDirOf(process.env), log: say };
  const mysql = await chooseSource("mysql", surroundings);
  const nats = await chooseSource("nats", surroundings);
  const needsApt = [mysql, nats].some(
    (source) => source.kind === "package" && source.manager === "apt",
  );
  if (needsApt) await askForSudo(process.env);
  return { mysql, nats };
}

async function checkGround(programs: Programs, listens: readonly Listen[]): Promise<void> {
  await Promise.all([...programs.values()].map((program) => program.endOrphan()));
  await assertCanListen(listens);
}

async function bringUp(
  part: Part,
  { start, source }: { start: Start; source: Source },
): Promise<Engine> {
  const { mysql: mysqlPort, nats: natsPort } = start.ports;
  const engine = await bringUpEngine(part, { dataDir, mysqlPort, natsPort, log: say, source });
  start.life.atStop(() => engine.stop());
  return engine;
}

/**
 * Starts all programs at once, with the addresses of the engines in their environment. Only pay
 * waits: for the simulators, whose first start makes the keys that it is configured with.
 */
function startPrograms(
  programs: Programs,
  options: { task: Parameters<ListrTask["task"]>[1]; started: Started; start: Start },
) {
  const { task, started } = options;
  const { life, edges } = options.start;
  const { mysql, nats } = started.engines;
  Object.assign(process.env, { SHOP_MYSQL_URL: mysql.url, SHOP_NATS_URL: nats.url });
  // A command in another terminal finds the same shop by the record.
  life.record.settings = shopSettings(process.env);
  life.atStop(() => stopPrograms(programs));
  life.atHurry(() => {
    for (const program of programs.values()) program.kill();
  });
  const simulators = programs.get("simulators")?.start();
  const starts = [...programs].map(([name, program]) => ({
    title: name,
    task: async (_: unknown, own: { title: string }) => {
      if (name === "pay" && edges.simulators !== undefined) {
        await simulators;
        started.offered = await offerSimulated(edges.simulators, process.env);
        life.record.settings = shopSettings(process.env);
      }
      const address = name === "simulators" ? simulators : program.start();
      own.title = `${name} on ${await address}`;
    },
  }));
  return task.newListr(starts, { concurrent: true, exitOnError: true });
}
