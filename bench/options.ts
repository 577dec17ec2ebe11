import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { TargetName } from "./target.ts";

const WORKLOADS = [
  "place",
  "hot",
  "flash",
  "pay",
  "callback",
  "retail",
  "mixed",
  "overload",
] as const;
export type WorkloadChoice = (typeof WORKLOADS)[number];
const TARGETS: readonly TargetName[] = ["shop", "monolith", "bare"];

const HOUR = 3_600;

export const USAGE = `Measures the shop under load beside its baselines: a monolith that does the same, and the bare call.

  npm run bench                       the standard set, in less than 10 minutes
  npm run bench -- [OPTION...]        for example:
    npm run bench -- --workload place --inflight 1,64,256 --seconds 20 --targets shop,monolith

  --workload NAMES    of ${WORKLOADS.join(", ")}
  --inflight N[,N]    closed loop: N customers, each orders again once it has its answer
  --rate N[,N]        open loop: N customers per second, independently of answers
  --seconds N         length of a turn (default 20; in the standard set 3, or 8 to 10 for workloads
                      with one turn)
  --warm-up N         seconds before each turn that do not count (default 1; 0 for no warm-up)
  --turns N           turns of each target; medians are printed (default 5)
  --targets NAMES     of ${TARGETS.join(", ")} (default: all that can run the workload)
  --clients N         client processes (default 2)
  --connections N     connections of the monolith's pool (default: its best number)
  --replicas N        processes of each service of the shop (default 1)
  --fill N            repeats the loads after N more orders
  --minutes N         one turn of N minutes that samples memory and queues, for mixed
  --items N           items of the catalogue (default 10,000)
  --file CSV          real orders for retail (default: the sample in testbed/retail)
  --json FILE         writes the result as JSON, with every turn
  --html FILE         writes the result as an HTML page with charts
  --no-audit          skips the audit of the shop's books

The command starts a database, a broker and a shop with default settings, and stops them at the end.

Exit code: 0, 1 when the audit finds the books wrong, 2 when the bench cannot run.`;

export class UsageError extends Error {}

export type Options = {
  /** Undefined for the standard set. */
  workloads: WorkloadChoice[] | undefined;
  inFlight: number[] | undefined;
  rates: number[] | undefined;
  seconds: number | undefined;
  warmUpSeconds: number;
  turns: number | undefined;
  targets: TargetName[] | undefined;
  clients: number;
  connections: number | undefined;
  replicas: number;
  fill: number;
  minutes: number | undefined;
  items: number;
  file: string | undefined;
  json: string | undefined;
  html: string | undefined;
  audit: boolean;
};

/** Reads the command line; undefined when only help is wanted. Throws a UsageError. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): Options | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const start = (env.npm_lifecycle_event === "bench" && env.INIT_CWD) || process.cwd();
  const path = (value: string | undefined) =>
    value === undefined ? undefined : resolve(start, value);
  const workloads = names("--workload", values.workload, WORKLOADS);
  if (values.minutes !== undefined && !workloads) {
    throw new UsageError("--minutes needs a --workload");
  }
  return {
    workloads,
    inFlight: numbers("--inflight", values.inflight, 20_000),
    rates: numbers("--rate", values.rate, 100_000),
    seconds: whole("--seconds", values.seconds, { least: 1, most: HOUR }),
    warmUpSeconds: whole("--warm-up", values["warm-up"], { least: 0, most: HOUR }) ?? 1,
    turns: whole("--turns", values.turns, { least: 1, most: 100 }),
    targets: names("--targets", values.targets, TARGETS),
    clients: whole("--clients", values.clients, { least: 1, most: 64 }) ?? 2,
    connections: whole("--connections", values.connections, { least: 1, most: 100 }),
    replicas: whole("--replicas", values.replicas, { least: 1, most: 16 }) ?? 1,
    fill: whole("--fill", values.fill, { least: 0, most: 100_000_000 }) ?? 0,
    minutes: whole("--minutes", values.minutes, { least: 1, most: 24 * 60 }),
    items: whole("--items", values.items, { least: 10, most: 1_000_000 }) ?? 10_000,
    file: path(values.file),
    json: path(values.json),
    html: path(values.html),
    audit: values["no-audit"] !== true,
  };
}

function parse(args: string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args,
      options: {
        workload: text,
        inflight: text,
        rate: text,
        seconds: text,
        "warm-up": text,
        turns: text,
        targets: text,
        clients: text,
        connections: text,
        replicas: text,
        fill: text,
        minutes: text,
        items: text,
        file: text,
        json: text,
        html: text,
        "no-audit": flag,
        help: { ...flag, short: "h" },
      },
    }).values;
  } catch (error) {
    // Node's first sentence, without its advice.
    throw new UsageError((error as Error).message.split(/\. |\n/)[0]);
  }
}

function names<T extends string>(
  option: string,
  text: string | undefined,
  known: readonly T[],
): T[] | undefined {
  return text?.split(",").map((name) => {
    const found = known.find((one) => one === name);
    if (!found) throw new UsageError(`${option}: "${name}" is not one of ${known.join(", ")}`);
    return found;
  });
}

function numbers(option: string, text: string | undefined, most: number): number[] | undefined {
  return text?.split(",").map((one) => whole(option, one, { least: 1, most }) as number);
}

function whole(
  option: string,
  text: string | undefined,
  { least, most }: { least: number; most: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new UsageError(
      `${option} must be a whole number from ${least} to ${most}, not "${text}"`,
    );
  }
  return value;
}
