import { setTimeout as pause } from "node:timers/promises";
import type { Program } from "../../../testbed/system/programs.ts";
import type { Fault, FaultContext, ScriptContext } from "../fault.ts";
import { settledAnswer } from "../load/history.ts";
import { namesOf, servicesOf } from "./steps.ts";

async function killAll(context: FaultContext): Promise<void> {
  await Promise.all(servicesOf(context.system).map((program) => program.end("SIGKILL")));
}

/**
 * Starts the services in random order, one shortly after the other; resolves when all are ready.
 */
async function startAll(context: FaultContext): Promise<void> {
  const { random } = context;
  const services = servicesOf(context.system);
  const starts: Promise<void>[] = [];
  for (const program of random.some(services, services.length)) {
    starts.push(program.start());
    await pause(random.between(0, 400));
  }
  await Promise.all(starts);
}

/** The engines that are down while the services start. */
const WITHOUT = ["nothing", "the database", "the broker", "both"] as const;

async function dieTogether(
  context: ScriptContext,
  without: (typeof WITHOUT)[number],
): Promise<void> {
  const { system, random, log } = context;
  const engines = [
    ...(["the database", "both"].includes(without) ? [system.database] : []),
    ...(["the broker", "both"].includes(without) ? system.brokers.nodes : []),
  ];
  log(`kills all services; down while they start: ${without}`);
  await Promise.all([killAll(context), ...engines.map((engine) => engine.kill())]);
  const starting = startAll(context);
  await pause(random.between(2_000, 8_000));
  await Promise.all(engines.map((engine) => engine.start()));
  await starting;
}

export const allServicesDie: Fault = {
  name: "all-services-die",
  catalogue: ["F08"],
  what: "SIGKILL of all services at once; they start in random order, also while database or broker are down",
  async run(context) {
    for (const without of context.random.some(WITHOUT, WITHOUT.length)) {
      if (context.signal.aborted) return;
      await dieTogether(context, without);
      context.injected();
      if (without !== WITHOUT.at(-1)) await context.judge(`a start without ${without}`);
    }
  },
  holdMs: [200, 4_000],
  async inject(context) {
    context.log("kills all services");
    await killAll(context);
    return () => startAll(context);
  },
};

/** The attempts of a shopper at an operation. */
const ATTEMPTS = 3;

/** Restarts one program after the other, as a deployment does. */
async function roll(programs: readonly Program[]): Promise<void> {
  for (const program of programs) {
    const how = await program.end("SIGTERM");
    if (how !== "exit 0")
      throw new Error(`${program.name} ended with ${how} after SIGTERM, not with exit 0`);
    await program.start();
  }
}

export const rollingRestart: Fault = {
  name: "rolling-restart",
  catalogue: ["F09", "F64"],
  what: "SIGTERM and start of one replica after the other under load: retries are answered",
  async run(context) {
    const { system, market, random, log, injected } = context;
    const first = market.history.operations.length;
    const programs = random.some(system.programs, system.programs.length);
    await roll(programs);
    injected(programs.length);
    const operations = market.history.operations.slice(first);
    const reasons = operations.flatMap(({ attempts }) =>
      attempts.flatMap(({ answer }) => (answer.kind === "unknown" ? [answer.why] : [])),
    );
    const given = Map.groupBy(reasons, (why) => why);
    const unanswered = [...given].map(([why, { length }]) => `${why} ${length}`).join(", ");
    const open = operations.filter(
      (operation) => operation.attempts.length >= ATTEMPTS && !settledAnswer(operation),
    ).length;
    const calls = operations.reduce((sum, { attempts }) => sum + attempts.length, 0);
    log(
      `${calls} calls; without an answer at first: ${unanswered || "none"}; never answered: ${open}`,
    );
  },
  holdMs: [0, 1_000],
  async inject({ system, random, log }) {
    const programs = random.some(servicesOf(system), random.between(1, 4));
    log(`restarts ${namesOf(programs)}`);
    // In the soak another fault may have ended the program, or hold what it waits for.
    const rolling = roll(programs).catch((error: Error) => log(error.message));
    return () => rolling;
  },
};
