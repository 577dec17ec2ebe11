import { readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { run } from "../../../local/engines/commands.ts";
import type { Program } from "../../../testbed/system/programs.ts";
import type { Fault } from "../fault.ts";
import { servicesOf } from "./steps.ts";

/** From hardly enough to start to hardly enough to work. */
const HEAP_MB = [20, 36] as const;
/** A process that survives this long gets less memory. */
const LIVES_MS = 6_000;
const LESS_MB = 2;
const LOOK_EVERY_MS = 100;

/** Runs a program with too little memory, again and again until `end`; then normally. */
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
  what: "one or two services have so little memory that they die again and again, at any point",
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

/** Sets the soft limit only, which can be raised again. */
async function limitFiles(pid: number, files: string): Promise<void> {
  const args = ["--pid", String(pid), `--nofile=${files}:`];
  const { code } = await run("prlimit", args, { timeoutMs: WITHIN_MS, env: process.env });
  if (code !== 0) throw new Error(`prlimit ${args.join(" ")} failed`);
}

export const fewFiles: Fault = {
  name: "few-files",
  catalogue: ["F13"],
  what: "one to three services can open no further file or connection (EMFILE), and lose their connections",
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
      // Open connections are not affected by the limit, so they are reset.
      for (const edge of system.edges.all) {
        if ([edge.from, edge.to].includes(program.name)) edge.resetConnections();
      }
      limited.push({ program, pid });
      log(`${program.name} is limited to ${files} open files`);
    }
    return async () => {
      for (const { program, pid } of limited) {
        if (program.pid() === pid) await limitFiles(pid, FILES);
      }
    };
  },
};

/** More than any process needs, and below the hard limit of every machine. */
const FILES = "1024";
