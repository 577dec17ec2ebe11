import type { Engines } from "../testbed/engines/engines.ts";
import { bare } from "./bare/bare.ts";
import type { Bench } from "./bench.ts";
import { BenchError } from "./bench-error.ts";
import { makeCatalog } from "./catalog.ts";
import { startEngines } from "./engines.ts";
import { startClients } from "./load/clients.ts";
import { machineNow } from "./measure/machine.ts";
import { openMeter } from "./measure/meter.ts";
import { DEFAULT_CONNECTIONS, monolith } from "./monolith/monolith.ts";
import type { Options, WorkloadChoice } from "./options.ts";
import { couponsOf, FLASH_SHOPPERS, planOf, type Round } from "./plan.ts";
import { readOrders } from "./real-orders.ts";
import { FILLED } from "./report/bars.ts";
import { type Result, resultOf } from "./report/result.ts";
import { table, turnLine } from "./report/table.ts";
import { write } from "./report/write.ts";
import { playCallbacks } from "./rounds/callbacks.ts";
import { fillShop } from "./rounds/fill.ts";
import { idleOf } from "./rounds/idle.ts";
import { playLoads } from "./rounds/loads.ts";
import { playOverload } from "./rounds/overload.ts";
import { auditShop } from "./shop/audit.ts";
import { type RunningShop, startShop } from "./shop/shop.ts";
import type { Catalog, Running, TargetName } from "./target.ts";
import type { Turn } from "./turn.ts";
import { playTurn, untilSettled } from "./turns.ts";

const WARMING_SECONDS = 6;
/** Workloads that can run again in a filled shop. */
const STEADY: WorkloadChoice[] = ["place", "hot", "pay", "retail", "mixed"];
const PAYING = ["pay", "callback", "mixed"];

type Undo = (() => Promise<void>)[];

/**
 * Starts everything, runs the plan, audits, reports and stops everything. Resolves to the exit
 * code.
 */
export async function measure(options: Options): Promise<number> {
  const rounds = planOf(options);
  const undo: Undo = [];
  const interrupted = new Promise<never>((_, reject) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) {
      process.once(name, () => reject(new BenchError("interrupted")));
    }
  });
  try {
    const result = await Promise.race([play({ options, rounds }, undo), interrupted]);
    console.log(table(result));
    write(result);
    return result.audited && result.audited.broken.length > 0 ? 1 : 0;
  } finally {
    for (const step of undo.reverse()) {
      await step().catch((error: Error) => console.error(`cleanup failed: ${error.message}`));
    }
  }
}

async function play(run: { options: Options; rounds: Round[] }, undo: Undo): Promise<Result> {
  const { options, rounds } = run;
  const beganMs = Date.now();
  const log = (line: string) => console.error(line);
  const engines = await startEngines(log);
  undo.push(() => engines.stop());
  const machine = machineNow(engines.descriptions);
  const size = {
    items: options.items,
    shoppers: FLASH_SHOPPERS,
    coupons: couponsOf(rounds, options),
    flashes: Math.max(1, ...rounds.map(({ turns }) => turns)),
  };
  const isRetail = rounds.some(({ workload }) => workload === "retail");
  const retail = isRetail ? await readOrders(options.file, size) : undefined;
  const catalog = await makeCatalog(size, retail);
  const tokens = catalog.shoppers.map(({ token }) => token);
  const clients = await startClients({ clients: options.clients, size, tokens, retail });
  undo.push(() => clients.stop());
  const meter = await openMeter(engines, clients.pids);
  undo.push(() => meter.close());
  const targets = await startTargets({ options, rounds, engines, catalog }, undo);
  const shop = targets.get("shop") as RunningShop | undefined;
  const logTurn = (turn: Turn, place: { turn: number; of: number }) => log(turnLine(turn, place));
  const bench: Bench = { options, engines, size, clients, meter, targets, shop, log, logTurn };
  await warm(bench);
  const idle = options.warmUpSeconds > 0 ? await idleOf(bench) : undefined;
  const turns: Turn[] = [];
  for (const round of rounds) turns.push(...(await playRound(bench, round, turns)));
  if (options.fill > 0) turns.push(...(await playFilled(bench, rounds, beganMs)));
  if (shop && options.audit) await untilSettled(shop);
  const audited = shop && options.audit ? await auditShop(engines, shop) : undefined;
  return resultOf({ machine, options, turns, idle, audited });
}

async function startTargets(
  run: { options: Options; rounds: Round[]; engines: Engines; catalog: Catalog },
  undo: Undo,
): Promise<Map<TargetName, Running>> {
  const { options, rounds, engines, catalog } = run;
  const wanted = new Set(rounds.flatMap(({ targets }) => targets));
  const paying = rounds.some(({ workload }) => PAYING.includes(workload));
  const start: Record<TargetName, () => Promise<Running>> = {
    shop: () => startShop(engines, catalog, { replicas: options.replicas, paying }),
    monolith: () => monolith(options.connections ?? DEFAULT_CONNECTIONS).start(engines, catalog),
    bare: () => bare.start(engines, catalog),
  };
  const running = new Map<TargetName, Running>();
  for (const name of wanted) {
    const started = await start[name]();
    running.set(name, started);
    undo.push(() => started.stop());
  }
  return running;
}

/** Warms the targets up: the first orders of a process run uncompiled code. */
async function warm(bench: Bench): Promise<void> {
  if (bench.options.warmUpSeconds === 0) return;
  for (const target of bench.targets.keys()) {
    const loop = { kind: "closed" as const, inFlight: 256 };
    const seconds = WARMING_SECONDS;
    await playTurn(bench, {
      target,
      workload: "place",
      title: "warm-up",
      loop,
      seconds,
      warmUpSeconds: 0,
      seed: "warm",
    });
  }
}

/** Runs a round. A round that needs the shop's maximum takes it from the earlier ones. */
async function playRound(bench: Bench, round: Round, played: readonly Turn[]): Promise<Turn[]> {
  if (round.workload === "callback") return playCallbacks(bench, round, played);
  if (round.workload === "overload") return playOverload(bench, round, played);
  return playLoads(bench, round);
}

/** Repeats the loads in a shop with many orders. */
async function playFilled(
  bench: Bench,
  rounds: readonly Round[],
  beganMs: number,
): Promise<Turn[]> {
  const orders = await fillShop(bench, { orders: bench.options.fill, beganMs });
  bench.log(`the shop has ${orders.toLocaleString("en")} orders`);
  const turns: Turn[] = [];
  for (const round of rounds) {
    if (!STEADY.includes(round.workload)) continue;
    const again = await playLoads(bench, { ...round, targets: ["shop"] });
    turns.push(...again.map((turn) => ({ ...turn, workload: `${turn.workload}${FILLED}` })));
  }
  return turns;
}
