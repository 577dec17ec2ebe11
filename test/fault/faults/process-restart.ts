import { setTimeout as pause } from "node:timers/promises";
import type { Program } from "../../../testbed/system/programs.ts";
import type { Fault, FaultContext, ScriptContext } from "../fault.ts";
import { settledAnswer } from "../load/history.ts";
import { namesOf, servicesOf } from "./steps.ts";

async function killAll(context: FaultContext): Promise<void> {
  await Promise.all(servicesOf(context.system).map((program) => program.end("SIGKILL")));
}

/** In a random order, each a little after the other; resolves when all are ready. */
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

/** What else is down while they start. */
const WITHOUT = ["nothing", "the database", "the broker", "both"] as const;

async function dieTogether(
  course: ScriptContext,
  without: (typeof WITHOUT)[number],
): Promise<void> {
  const { system, random, log } = course;
  const engines = [
    ...(["the database", "both"].includes(without) ? [system.database] : []),
    ...(["the broker", "both"].includes(without) ? system.brokers.nodes : []),
  ];
  log(`kills all services; down while they start: ${without}`);
  await Promise.all([killAll(course), ...engines.map((engine) => engine.kill())]);
  const starting = startAll(course);
  await pause(random.between(2_000, 8_000));
  await Promise.all(engines.map((engine) => engine.start()));
  await starting;
}

export const allServicesDie: Fault = {
  name: "all-services-die",
  catalogue: ["F08"],
  what: "SIGKILL of all services at once; they start in a random order, also while database or broker are down",
  async run(course) {
    for (const without of course.random.some(WITHOUT, WITHOUT.length)) {
      if (course.signal.aborted) return;
      await dieTogether(course, without);
      course.injected();
      if (without !== WITHOUT.at(-1)) await course.judge(`a start without ${without}`);
    }
  },
  holdMs: [200, 4_000],
  async inject(context) {
    context.log("kills all services");
    await killAll(context);
    return () => startAll(context);
  },
};

/** So often a shopper asks. */
const ASKED_OFTEN = 3;

/** As a deployment does it: the next one goes when the last one is back. */
async function roll(programs: readonly Program[]): Promise<void> {
  for (const program of programs) {
    const how = await program.end("SIGTERM");
    if (how !== "exit 0") throw new Error(`${program.name} was told to stop, and ended by ${how}`);
    await program.start();
  }
}

export const rollingRestart: Fault = {
  name: "rolling-restart",
  catalogue: ["F09", "F64"],
  what: "SIGTERM and start of one replica after the other under load: who asks again gets an answer",
  async run(course) {
    const { system, market, random, log, injected } = course;
    const first = market.history.operations.length;
    const programs = random.some(system.programs, system.programs.length);
    await roll(programs);
    injected(programs.length);
    const operations = market.history.operations.slice(first);
    const whys = operations.flatMap(({ attempts }) =>
      attempts.flatMap(({ answer }) => (answer.kind === "unknown" ? [answer.why] : [])),
    );
    const given = Map.groupBy(whys, (why) => why);
    const unanswered = [...given].map(([why, { length }]) => `${why} ${length}`).join(", ");
    const open = operations.filter(
      (operation) => operation.attempts.length >= ASKED_OFTEN && !settledAnswer(operation),
    ).length;
    const calls = operations.reduce((sum, { attempts }) => sum + attempts.length, 0);
    log(`${calls} calls; at first: ${unanswered || "all answered"}; ${open} unanswered for good`);
  },
  holdMs: [0, 1_000],
  async inject({ system, random, log }) {
    const programs = random.some(servicesOf(system), random.between(1, 4));
    log(`stops and starts ${namesOf(programs)}`);
    // In the soak another fault may have been faster, or hold what it waits for.
    const rolling = roll(programs).catch((error: Error) => log(error.message));
    return () => rolling;
  },
};
