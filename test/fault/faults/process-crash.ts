import { setTimeout as pause } from "node:timers/promises";
import {
  dieAt,
  type Passed,
  type Point,
  recordPoints,
} from "../../../testbed/system/failpoints.ts";
import type { Kind } from "../../../testbed/system/parts.ts";
import type { Program } from "../../../testbed/system/programs.ts";
import type { Fault, ScriptContext } from "../fault.ts";
import { acknowledgedOrders } from "../load/load.ts";
import { PROVIDERS } from "../load/wallet.ts";
import { failAtOne } from "./broker-handlers.ts";
import { setFaults, type Way } from "./provider-ways.ts";
import { restartEach, sleep } from "./steps.ts";

/** Failpoints of operations that undo something; there the process dies twice in a row (F07). */
const UNDOES = /cancel|release|return-stock|refund-balance|recover|close|expire|overdue/i;
/** Reads, of providers as well: they have no effect, and who has no answer asks again. */
const READS = /^serve\.\w+:.*\/(Get|List(?!Missing)|Quote|Watch)|^provider\.\w+:\w+\.query/;
/** Orders before the failpoints are read for the first time. */
const FIRST_ORDERS = 100;
const FIRST_WITHIN_MS = 240_000;
/** Deaths between two judgements. */
const BATCH = 100;
/**
 * A failpoint counts as not reached after this many orders, and after longer than it takes until
 * another process recovers an order or a message is redelivered.
 */
const REACHED_WITHIN = { orders: 150, ms: 45_000, mostMs: 600_000 };
/** Unpaid orders expire, and what killed processes left is handled, during the run. */
const SHORT_DEADLINE = { env: { SHOP_PAY_DEADLINE_SECONDS: "12" } };
/** Attempts for a failpoint that is not reached. */
const CHANCES = 3;
const LOOK_EVERY_MS = 100;
const DROPPED_CALLBACKS = 20;
const SLOW_REFUND_MS = 3_000;

type Cell = Point & { runs: number; chances: number };

/**
 * Every failpoint that any process of a kind passes is a cell. New ones appear during the run,
 * since recovery takes other paths. Reads need no cell: a process that dies there dies between two
 * neighbouring failpoints, after the effect of one and before the effect of the next.
 */
class Matrix {
  private readonly passed: Passed;
  private readonly context: ScriptContext;
  private readonly isWanted: (point: Point) => boolean;
  private readonly known = new Set<string>();
  private readonly queue: Cell[] = [];
  readonly missed: Cell[] = [];
  deaths = 0;

  constructor(context: ScriptContext, isWanted: (point: Point) => boolean) {
    this.context = context;
    this.isWanted = isWanted;
    this.passed = recordPoints(context.system);
  }

  get points(): number {
    return this.known.size;
  }

  get left(): number {
    return this.queue.length;
  }

  env(program: Program): Record<string, string> {
    return this.passed.env(program);
  }

  /** Adds the failpoints that were passed since the last call; returns how many are new. */
  look(): number {
    const before = this.known.size;
    for (const point of this.context.random.some(this.passed.points(), Number.MAX_SAFE_INTEGER)) {
      const key = `${point.kind} ${point.name}`;
      if (this.known.has(key) || !this.isWanted(point)) continue;
      this.known.add(key);
      this.queue.push({ ...point, runs: UNDOES.test(point.name) ? 2 : 1, chances: CHANCES });
    }
    return this.known.size - before;
  }

  private take(kind: Kind): Cell[] {
    const taken = this.queue.filter((cell) => cell.kind === kind);
    for (const cell of taken) this.queue.splice(this.queue.indexOf(cell), 1);
    return taken;
  }

  /**
   * Lets one process die at one failpoint after the other, in the order in which it reaches them,
   * until the budget is used up.
   */
  private async dieOn(program: Program, budget: { left: number }): Promise<void> {
    const { signal, injected, log } = this.context;
    const cells = this.take(program.kind);
    if (cells.length > 0) await program.end("SIGKILL");
    while (cells.length > 0 && budget.left > 0 && !signal.aborted) {
      const names = cells.map(({ name }) => name);
      if (!(await dieAt(program, names, this.arming(program, budget)))) {
        if (signal.aborted || budget.left <= 0) break;
        log(`${program.name} did not reach ${names.join(", ")}`);
        for (const cell of cells) cell.chances -= 1;
        break;
      }
      const died = this.passed.lastOf(program);
      const index = names.indexOf(died ?? "");
      const cell = cells[index];
      if (!cell) throw new Error(`${program.name} was killed elsewhere, after ${died}`);
      budget.left -= 1;
      this.deaths += 1;
      injected();
      cell.runs -= 1;
      if (cell.runs === 0) cells.splice(index, 1);
    }
    for (const cell of cells) (cell.chances > 0 ? this.queue : this.missed).push(cell);
    await program.start(this.env(program));
  }

  private arming(program: Program, budget: { left: number }) {
    const over = async () => {
      const { market, signal } = this.context;
      const enough = acknowledgedOrders(market.history) + REACHED_WITHIN.orders;
      const begunMs = Date.now();
      for (let ms = 0; !signal.aborted && ms < REACHED_WITHIN.mostMs; ms = Date.now() - begunMs) {
        if (program.pid() === undefined || budget.left <= 0) return;
        if (ms > REACHED_WITHIN.ms && acknowledgedOrders(market.history) >= enough) return;
        await pause(LOOK_EVERY_MS);
      }
    };
    return { env: this.env(program), over };
  }

  /**
   * Kills one replica of each kind that has failpoints left, all kinds at the same time; the other
   * replica keeps the shop busy.
   */
  async batch(): Promise<void> {
    const budget = { left: BATCH };
    const { system, random } = this.context;
    const programs = [...Map.groupBy(system.programs, ({ kind }) => kind).values()].map(
      (replicas) => random.pick(replicas),
    );
    const outcomes = await Promise.allSettled(
      programs.map((program) => this.dieOn(program, budget)),
    );
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }
}

/**
 * Faults of the providers, in turn: the shop takes rare paths only when refunds are refused or take
 * their time, or callbacks are missing.
 */
const RARE_WAYS: { sandbox: Way; others: Way }[] = [
  { sandbox: { refuse_refunds: true }, others: { refund_delay_ms: SLOW_REFUND_MS } },
  { sandbox: {}, others: {} },
  { sandbox: { drop: DROPPED_CALLBACKS }, others: { drop: DROPPED_CALLBACKS } },
  { sandbox: {}, others: {} },
];
const TURN_MS = 4_000;

/** Makes the shop take its rare paths: those, and the ones after an event that failed at first. */
async function provokeRarePaths(context: ScriptContext, over: AbortSignal): Promise<void> {
  const { system, random } = context;
  for (let turn = 0; !over.aborted; turn += 1) {
    const way = RARE_WAYS[turn % RARE_WAYS.length];
    for (const provider of PROVIDERS) {
      await setFaults(system, provider, provider === "sandbox" ? way?.sandbox : way?.others);
    }
    const mend = await failAtOne({ system, random, log: () => {} });
    await sleep(TURN_MS, over);
    await mend();
  }
  for (const provider of PROVIDERS) await setFaults(system, provider);
}

async function during(context: ScriptContext, work: () => Promise<void>): Promise<void> {
  const over = new AbortController();
  const rarePaths = provokeRarePaths(context, over.signal);
  try {
    await work();
  } finally {
    over.abort();
    await rarePaths;
  }
}

async function orders(
  { market: { history }, signal }: ScriptContext,
  count: number,
): Promise<void> {
  const wanted = acknowledgedOrders(history) + count;
  const deadline = Date.now() + FIRST_WITHIN_MS;
  while (acknowledgedOrders(history) < wanted && !signal.aborted) {
    if (Date.now() > deadline)
      throw new Error(
        `the shop acknowledged fewer than ${count} orders in ${FIRST_WITHIN_MS / 1_000} s`,
      );
    await pause(LOOK_EVERY_MS);
  }
}

/** Kills a process at every wanted failpoint, in batches between which the shop is judged. */
async function playMatrix(
  context: ScriptContext,
  isWanted: (point: Point) => boolean,
): Promise<void> {
  const { system, log, signal, judge } = context;
  const matrix = new Matrix(context, isWanted);
  await Promise.all(
    system.programs.map((program) => restartEach([program], { env: matrix.env(program) })),
  );
  await during(context, () => orders(context, FIRST_ORDERS));
  log(`${matrix.look()} failpoints are passed without a fault`);
  while (matrix.left > 0 && !signal.aborted) {
    await during(context, () => matrix.batch());
    await judge(`${matrix.deaths} deaths`);
    const more = matrix.look();
    log(`${matrix.points} failpoints (${more} new), ${matrix.deaths} deaths, ${matrix.left} left`);
  }
  const missed = matrix.missed.map(({ kind, name }) => `${kind} ${name}`);
  if (missed.length > 0) throw new Error(`not reached again: ${missed.join(", ")}`);
  log(`${matrix.points} failpoints, ${matrix.deaths} deaths`);
}

export const crashMatrix: Fault = {
  name: "crash-matrix",
  catalogue: ["F01", "F02", "F03", "F04", "F05", "F06", "F07"],
  what: "SIGKILL at every failpoint that a process passes, found by running; twice where something is undone",
  topology: SHORT_DEADLINE,
  run: (context) => playMatrix(context, ({ name }) => !READS.test(name)),
};

/** Calls to providers, and the callbacks of providers. */
const PROVIDER_POINTS = /^provider\.\w+:\w+\.(open|close|refund)$|HandleCallback|notice/i;

export const providerCrash: Fault = {
  name: "provider-crash",
  catalogue: ["F01", "F04", "F07", "F70", "F71"],
  what: "SIGKILL of pay before and after each call to each provider that opens, closes or refunds, and during callbacks",
  topology: SHORT_DEADLINE,
  run: (context) =>
    playMatrix(context, ({ kind, name }) => kind === "pay" && PROVIDER_POINTS.test(name)),
};
