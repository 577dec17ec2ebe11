import { readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { run } from "../../../local/engines/commands.ts";
import type { Program } from "../../../testbed/system/programs.ts";
import type { Fault } from "../fault.ts";
import { servicesOf } from "./steps.ts";

/** From what is hardly enough to begin to start to what is hardly enough to work. */
const HEAP_MB = [20, 36] as const;
/** Who lives so long gets less. */
const LIVES_MS = 6_000;
const LESS_MB = 2;
const LOOK_EVERY_MS = 100;

/** Runs it with too little memory, again and again, until told otherwise; then as it should be. */
function starve(
  program: Program,
  heapMb: () => number,
): { deaths(): number; end(): Promise<void> } {
  let over = false;
  let deaths = 0;
  const untilDead = async () => {
    for (let ms = 0; !over && ms < LIVES_MS && program.pid() !== undefined; ms += LOOK_EVERY_MS) {
      await pause(LOOK_EVERY_MS);
    }
    return program.pid() === undefined;
  };
  const starving = (async () => {
    await program.end("SIGKILL");
    for (let less = 0; !over; ) {
      const options = { NODE_OPTIONS: `--max-old-space-size=${Math.max(heapMb() - less, 8)}` };
      await program.start(options).catch(() => {});
      if (await untilDead()) deaths += 1;
      else less += LESS_MB;
      await program.end("SIGKILL");
    }
  })();
  return {
    deaths: () => deaths,
    async end() {
      over = true;
      await program.end("SIGKILL");
      await starving;
      await program.start();
    },
  };
}

export const outOfMemory: Fault = {
  name: "out-of-memory",
  catalogue: ["F13"],
  what: "one or two services have so little memory that they die of it wherever they are, again and again",
  holdMs: [8_000, 20_000],
  async inject({ system, random, log }) {
    const services = servicesOf(system);
    const starved = random.some(services, random.between(1, 2)).map((program) => {
      const own = random.fork(program.name);
      return { name: program.name, ...starve(program, () => own.between(...HEAP_MB)) };
    });
    log(`starves ${starved.map(({ name }) => name).join(", ")}`);
    return async () => {
      await Promise.all(starved.map((one) => one.end()));
      log(starved.map(({ name, deaths }) => `${name} died ${deaths()} times`).join(", "));
    };
  },
};

const WITHIN_MS = 5_000;

/** The soft limit alone, which its owner may raise again. */
async function limitFiles(pid: number, files: string): Promise<void> {
  const args = ["--pid", String(pid), `--nofile=${files}:`];
  const { code } = await run("prlimit", args, { timeoutMs: WITHIN_MS, env: process.env });
  if (code !== 0) throw new Error(`prlimit ${args.join(" ")} failed`);
}

export const fewFiles: Fault = {
  name: "few-files",
  catalogue: ["F13"],
  what: "one to three services may open no file and no connection more (EMFILE), and lose those that they have",
  needs: ["prlimit"],
  holdMs: [3_000, 12_000],
  async inject({ system, random, log }) {
    const services = servicesOf(system);
    const limited: { program: Program; pid: number }[] = [];
    for (const program of random.some(services, random.between(1, 3))) {
      const pid = program.pid();
      if (pid === undefined) continue;
      const files = readdirSync(`/proc/${pid}/fd`).length + random.between(-4, 2);
      await limitFiles(pid, String(files));
      // What they have open stays open; without it they would notice nothing.
      for (const edge of system.edges.all) {
        if ([edge.from, edge.to].includes(program.name)) edge.resetConnections();
      }
      limited.push({ program, pid });
      log(`${program.name} has at most ${files} files`);
    }
    return async () => {
      for (const { program, pid } of limited) {
        if (program.pid() === pid) await limitFiles(pid, FILES);
      }
    };
  },
};

/** More than any of them needs, and below the hard limit of every machine. */
const FILES = "1024";
