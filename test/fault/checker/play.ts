import { CODE_MUTATIONS, DATA_MUTATIONS } from "./mutations/index.ts";
import { openRig, type Rig } from "./rig.ts";
import { SCENARIOS, type ScenarioName } from "./scenarios.ts";

/** The result of one mutation. */
type Tried = {
  mutation: string;
  what: string;
  /** The expected violation; undefined when the judge missed it. */
  caughtBy: string | undefined;
  /** All findings, or the error that prevented the trial. */
  found: string[];
  seconds: number;
};

type Checked = { control: string[]; tried: Tried[]; missing: string[] };

type Playing = {
  /** Names of mutations; empty for all. */
  names: readonly string[];
  log: (line: string) => void;
  signal: AbortSignal;
};

const TRIES = 2;

export const MUTATION_NAMES = [...DATA_MUTATIONS, ...CODE_MUTATIONS].map(({ name }) => name);

/** Tries every mutation and checks that the judge finds it. A working shop is judged first. */
export async function playChecker({ names, log, signal }: Playing): Promise<Checked> {
  const isWanted = ({ name }: { name: string }) => names.length === 0 || names.includes(name);
  const data = DATA_MUTATIONS.filter(isWanted);
  const code = CODE_MUTATIONS.filter(isWanted);
  const tried: Tried[] = [];
  const rig = await openRig(log);
  const once = async (
    mutation: { name: string; what: string; caughtBy: RegExp },
    findings: () => Promise<string[]>,
  ) => {
    if (signal.aborted) return;
    const one = await tryOne(mutation, findings);
    tried.push(one);
    log(`${one.mutation}: ${one.caughtBy ?? `NOT CAUGHT\n  ${one.found.join("\n  ")}`}`);
  };
  try {
    const control = await controlFindings(rig, scenariosOf(code), { log, signal });
    if (control.length === 0) {
      for (const mutation of data) await once(mutation, () => rig.withData(mutation, signal));
      for (const mutation of code) await once(mutation, () => rig.withCode(mutation, signal));
    }
    const all = [...data, ...code].map(({ name }) => name);
    const missing = all.filter((name) => !tried.some(({ mutation }) => mutation === name));
    return { control, tried, missing };
  } finally {
    await rig.stop();
  }
}

/** The scenarios of the control: the story, whose data are changed, and those of the mutations. */
function scenariosOf(code: readonly { scenario: ScenarioName }[]): ScenarioName[] {
  const wanted = new Set<ScenarioName>(["story", ...code.map(({ scenario }) => scenario)]);
  return (Object.keys(SCENARIOS) as ScenarioName[]).filter((name) => wanted.has(name));
}

async function controlFindings(
  rig: Rig,
  scenarios: readonly ScenarioName[],
  { log, signal }: Omit<Playing, "names">,
): Promise<string[]> {
  const started = Date.now();
  const found = await rig.control(scenarios, signal).catch((error: Error) => {
    if (signal.aborted) return ["interrupted"];
    throw error;
  });
  const result = found.length === 0 ? "clean" : `NOT CLEAN\n  ${found.join("\n  ")}`;
  log(`control (${scenarios.join(", ")}), ${seconds(started).toFixed(1)} s: ${result}`);
  return found;
}

/**
 * Tries a mutation. One that is missed is tried again: on a busy machine a shopper may not get an
 * answer in time, and the scenario ends before the defect shows. A defect that the judge cannot see
 * is missed the second time, too.
 */
export async function tryOne(
  { name, what, caughtBy }: { name: string; what: string; caughtBy: RegExp },
  findings: () => Promise<string[]>,
): Promise<Tried> {
  const started = Date.now();
  let found: string[] = [];
  let line: string | undefined;
  for (let time = 1; time <= TRIES && line === undefined; time += 1) {
    found = await findings().catch((error: Error) => [`trial failed: ${error.stack}`]);
    line = found.find((finding) => caughtBy.test(finding));
  }
  return { mutation: name, what, caughtBy: line, found, seconds: seconds(started) };
}

const seconds = (sinceMs: number) => (Date.now() - sinceMs) / 1_000;

export const isCaught = ({ control, tried, missing }: Checked) =>
  control.length === 0 && missing.length === 0 && tried.every(({ caughtBy }) => caughtBy);

export function checkerText(checked: Checked): string {
  const { control, tried, missing } = checked;
  const width = Math.max(...tried.map(({ mutation }) => mutation.length), 0);
  const rows = tried.map((one) => {
    const caught = one.caughtBy ?? "NOT CAUGHT";
    return `${one.mutation.padEnd(width)}  ${one.seconds.toFixed(1).padStart(5)} s  ${caught}`;
  });
  const count = tried.filter(({ caughtBy }) => caughtBy).length;
  const sum = tried.reduce((total, one) => total + one.seconds, 0);
  return [
    ...rows,
    ...tried
      .filter(({ caughtBy }) => !caughtBy)
      .flatMap(({ mutation, what, found }) => [
        `${mutation} (${what}) was missed; found instead:`,
        ...found.map((line) => `  ${line}`),
      ]),
    ...control.map((line) => `finding in a working shop: ${line}`),
    ...(missing.length > 0 ? [`not tried: ${missing.join(", ")}`] : []),
    `${count} of ${tried.length + missing.length} mutations caught in ${sum.toFixed(0)} s`,
  ].join("\n");
}
