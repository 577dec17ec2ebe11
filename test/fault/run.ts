import { unmetNeed } from "../../testbed/system/needs.ts";
import { checkerText, isCaught, MUTATION_NAMES, playChecker } from "./checker/play.ts";
import type { Fault } from "./fault.ts";
import { FAULTS } from "./faults/index.ts";
import { type Options, readOptions, USAGE, UsageError } from "./options.ts";
import { playFaults } from "./play.ts";
import { commitNow, isKept, reportJson, reportText } from "./report.ts";
import { soak } from "./soak.ts";

const KEPT = 0;
const VIOLATED = 1;
const WRONG_COMMAND = 2;
const INTERRUPTED = 130;

async function list(): Promise<void> {
  const width = Math.max(...FAULTS.map(({ name }) => name.length));
  for (const { name, catalogue, what, needs, inject, soak: inSoak } of FAULTS) {
    const why = await unmetNeed(needs);
    const marks = [
      catalogue.join(" "),
      ...(inject && inSoak !== false ? ["soak"] : []),
      ...(why === undefined ? [] : [`NOT ON THIS MACHINE: ${why}`]),
    ];
    console.log(`${name.padEnd(width)}  ${what} [${marks.join(", ")}]`);
  }
}

async function play(options: Options, signal: AbortSignal): Promise<number> {
  const { seed, times, json } = options;
  const info = { seed, commit: commitNow() };
  const log = stopwatchLog();
  log(`seed ${seed}, commit ${info.commit}`);
  const playing = { seed, times, log, signal };
  const results =
    options.soak === undefined
      ? await playFaults(chosen(options.names), playing)
      : await soak(FAULTS, { ...playing, minutes: options.soak });
  console.log(json ? reportJson(results, info) : reportText(results, info));
  if (signal.aborted) return INTERRUPTED;
  return isKept(results) ? KEPT : VIOLATED;
}

/** Breaks the shop's own code and data, to test the judge. */
async function check({ names, json }: Options, signal: AbortSignal): Promise<number> {
  const unknown = names.find((name) => !MUTATION_NAMES.includes(name));
  if (unknown) throw new UsageError(`unknown mutation ${unknown}`);
  const checked = await playChecker({ names, log: stopwatchLog(), signal });
  const caught = isCaught(checked);
  console.log(json ? JSON.stringify({ caught, ...checked }) : checkerText(checked));
  if (signal.aborted) return INTERRUPTED;
  return caught ? KEPT : VIOLATED;
}

function stopwatchLog(): (line: string) => void {
  const started = Date.now();
  return (line) => {
    const seconds = ((Date.now() - started) / 1_000).toFixed(1).padStart(7);
    console.error(`${seconds} s  ${line}`);
  };
}

function chosen(names: readonly string[]): readonly Fault[] {
  if (names.includes("all")) return FAULTS;
  return names.map((name) => {
    const fault = FAULTS.find((one) => one.name === name);
    if (!fault)
      throw new UsageError(`unknown fault ${name}; without a name, the command lists all`);
    return fault;
  });
}

/**
 * The first signal ends the run in order; the second one exits at once, with the cleanups of
 * at-exit.ts.
 */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(INTERRUPTED);
      console.error("stops once the current fault is healed; signal again to stop at once");
      controller.abort();
    });
  }
  return controller.signal;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (!options) console.log(USAGE);
  else if (options.names.length === 0 && options.soak === undefined && !options.checker)
    await list();
  // Exits explicitly: Node 26.10 may otherwise wait forever, at full speed, for connections that
  // were reset.
  else process.exit(await (options.checker ? check : play)(options, interruption()));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = WRONG_COMMAND;
}
