import { setTimeout as pause } from "node:timers/promises";
import { isService } from "../../../testbed/system/parts.ts";
import type { Program } from "../../../testbed/system/programs.ts";
import type { Breaking, Course, Fault } from "../fault.ts";
import { settledAnswer } from "../load/memory.ts";

const servicesOf = ({ system }: Breaking) => system.programs.filter(({ kind }) => isService(kind));

async function killAll(breaking: Breaking): Promise<void> {
  await Promise.all(servicesOf(breaking).map((program) => program.end("SIGKILL")));
}

/** In a random order, each a little after the other; resolves when all are ready. */
async function startAll(breaking: Breaking): Promise<void> {
  const { random } = breaking;
  const services = servicesOf(breaking);
  const starts: Promise<void>[] = [];
  for (const program of random.some(services, services.length)) {
    starts.push(program.start());
    await pause(random.between(0, 400));
  }
  await Promise.all(starts);
}

/** What else is down while they start. */
const WITHOUT = ["nothing", "the database", "the broker", "both"] as const;

async function dieTogether(course: Course, without: (typeof WITHOUT)[number]): Promise<void> {
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
  async inject(breaking) {
    breaking.log("kills all services");
    await killAll(breaking);
    return () => startAll(breaking);
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
    const first = market.memory.errands.length;
    const programs = random.some(system.programs, system.programs.length);
    await roll(programs);
    injected(programs.length);
    const errands = market.memory.errands.slice(first);
    const whys = errands.flatMap(({ attempts }) =>
      attempts.flatMap(({ answer }) => (answer.kind === "unknown" ? [answer.why] : [])),
    );
    const given = Map.groupBy(whys, (why) => why);
    const unanswered = [...given].map(([why, { length }]) => `${why} ${length}`).join(", ");
    const open = errands.filter(
      (errand) => errand.attempts.length >= ASKED_OFTEN && !settledAnswer(errand),
    ).length;
    const calls = errands.reduce((sum, { attempts }) => sum + attempts.length, 0);
    log(`${calls} calls; at first: ${unanswered || "all answered"}; ${open} unanswered for good`);
  },
  holdMs: [0, 1_000],
  async inject({ system, random, log }) {
    const services = system.programs.filter(({ kind }) => isService(kind));
    const programs = random.some(services, random.between(1, 4));
    log(`stops and starts ${programs.map(({ name }) => name).join(", ")}`);
    // In the soak another fault may have been faster, or hold what it waits for.
    const rolling = roll(programs).catch((error: Error) => log(error.message));
    return () => rolling;
  },
};
