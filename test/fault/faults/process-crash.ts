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
import { failAtOne } from "./broker-handlers.ts";
import { restartEach, sleep } from "./steps.ts";

/** What undoes something: there it dies once more as soon as it comes back (F07). */
const UNDOES = /cancel|release|return-stock|refund-balance|recover|close|expire|overdue/i;
/** Served to shoppers and to the judge: there is no effect, and a shopper who looks asks again. */
const READS = /^serve\.\w+:.*\/(Get|List(?!Missing)|Quote|Watch)/;
/** Orders before the first look at what is passed. */
const FIRST_ORDERS = 100;
const FIRST_WITHIN_MS = 240_000;
/** Deaths from one judgement to the next. */
const BATCH = 100;
/**
 * A point is not reached where a busy shop did not come there: so many orders, and longer than an order is left alone
 * before another process looks after it, or a message comes again.
 */
const REACHED_WITHIN = { orders: 150, ms: 45_000, mostMs: 600_000 };
/** A point that is rare has so many chances more. */
const CHANCES = 3;
const LOOK_EVERY_MS = 100;
const DROPPED_CALLBACKS = 20;

type Cell = Point & { runs: number; chances: number };

/**
 * Each point that any process of a kind passes is a cell; new ones turn up while others are played, since what is left
 * over from a death takes other ways. Reads and the calls of the platform have no point of their own: a process that
 * dies there dies between the two neighbouring ones, after the one and before the other has an effect.
 */
class Matrix {
  private readonly passed: Passed;
  private readonly course: ScriptContext;
  private readonly known = new Set<string>();
  private readonly queue: Cell[] = [];
  readonly missed: Cell[] = [];
  deaths = 0;

  constructor(course: ScriptContext) {
    this.course = course;
    this.passed = recordPoints(course.system);
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

  /** Takes in what was passed since; says how many are new. */
  look(): number {
    const before = this.known.size;
    for (const point of this.course.random.some(this.passed.points(), Number.MAX_SAFE_INTEGER)) {
      const key = `${point.kind} ${point.name}`;
      if (this.known.has(key) || READS.test(point.name)) continue;
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

  /** Lets one process die at one point after the other, whichever it comes to, until so many deaths are dead. */
  private async dieOn(program: Program, budget: { left: number }): Promise<void> {
    const { signal, injected, log } = this.course;
    const cells = this.take(program.kind);
    if (cells.length > 0) await program.end("SIGKILL");
    while (cells.length > 0 && budget.left > 0 && !signal.aborted) {
      const names = cells.map(({ name }) => name);
      if (!(await dieAt(program, names, this.arming(program, budget)))) {
        if (signal.aborted || budget.left <= 0) break;
        log(`${program.name} did not come to ${names.join(", ")}`);
        for (const cell of cells) cell.chances -= 1;
        break;
      }
      const died = this.passed.lastOf(program);
      const index = names.indexOf(died ?? "");
      const cell = cells[index];
      if (!cell) throw new Error(`${program.name} was killed by somebody, after ${died}`);
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
      const { market, signal } = this.course;
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

  /** All kinds that have points left, at the same time; one of two replicas stays up and keeps the shop busy. */
  async batch(): Promise<void> {
    const budget = { left: BATCH };
    const { system, random } = this.course;
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

/** In turns: ways that are taken only when the platform refuses refunds, or when its callbacks do not come. */
const PLATFORM = [{ refuse_refunds: true }, {}, { drop: DROPPED_CALLBACKS }, {}];
const TURN_MS = 4_000;

/** Makes the shop take its rare ways, too: those, and the ones after an event that could not be handled at first. */
async function makeTrouble(course: ScriptContext, over: AbortSignal): Promise<void> {
  const { system, random } = course;
  for (let turn = 0; !over.aborted; turn += 1) {
    await system.sandbox.faults(PLATFORM[turn % PLATFORM.length]).catch(() => {});
    const mend = await failAtOne({ system, random, log: () => {} });
    await sleep(TURN_MS, over);
    await mend();
  }
  await system.sandbox.faults();
}

async function during(course: ScriptContext, work: () => Promise<void>): Promise<void> {
  const over = new AbortController();
  const trouble = makeTrouble(course, over.signal);
  try {
    await work();
  } finally {
    over.abort();
    await trouble;
  }
}

async function orders(
  { market: { history }, signal }: ScriptContext,
  count: number,
): Promise<void> {
  const wanted = acknowledgedOrders(history) + count;
  const deadline = Date.now() + FIRST_WITHIN_MS;
  while (acknowledgedOrders(history) < wanted && !signal.aborted) {
    if (Date.now() > deadline) throw new Error("the shop acknowledges no orders");
    await pause(LOOK_EVERY_MS);
  }
}

export const crashMatrix: Fault = {
  name: "crash-matrix",
  catalogue: ["F01", "F02", "F03", "F04", "F05", "F06", "F07"],
  what: "SIGKILL at every failpoint that any process passes, found by running; twice where something is undone",
  // Soon enough to be seen: orders that nobody pays, and the leftovers of the dead.
  topology: { env: { SHOP_PAY_DEADLINE_SECONDS: "12" } },
  async run(course) {
    const { system, log, signal, judge } = course;
    const matrix = new Matrix(course);
    await Promise.all(
      system.programs.map((program) => restartEach([program], { env: matrix.env(program) })),
    );
    await during(course, () => orders(course, FIRST_ORDERS));
    log(`${matrix.look()} points are passed without a fault`);
    while (matrix.left > 0 && !signal.aborted) {
      await during(course, () => matrix.batch());
      await judge(`${matrix.deaths} deaths`);
      const more = matrix.look();
      log(`${matrix.points} points (${more} new), ${matrix.deaths} deaths, ${matrix.left} left`);
    }
    const missed = matrix.missed.map(({ kind, name }) => `${kind} ${name}`);
    if (missed.length > 0) throw new Error(`never came again to ${missed.join(", ")}`);
    log(`${matrix.points} points, ${matrix.deaths} deaths`);
  },
};
