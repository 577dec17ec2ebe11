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
export type Asked = (typeof WORKLOADS)[number];
const TARGETS: readonly TargetName[] = ["shop", "monolith", "bare"];

const HOUR = 3_600;

export const USAGE = `Measures the shop under load, beside what it is compared with: a monolith that does the same, and the bare call.

  npm run bench                                        the standard set, in less than 10 minutes
  npm run bench -- --workload place --inflight 1,64,256 --seconds 20 --turns 5 --targets shop,monolith,bare

  --workload NAMES    of ${WORKLOADS.join(", ")}
  --inflight N[,N]    closed loop: so many customers, each orders again once it has its answer
  --rate N[,N]        open loop: so many customers a second, whether the answers come or not
  --seconds N         of each turn (20; in the standard set 3, and 8 to 10 where there is one turn only)
  --warm-up N         seconds before each turn that do not count (1); with 0 nothing is warmed at all
  --turns N           how often each target has its turn; medians are printed (5)
  --targets NAMES     of ${TARGETS.join(", ")} (all that can do the workload)
  --clients N         client processes (2)
  --connections N     of the monolith's pool (its best)
  --replicas N        processes of each service of the shop (1)
  --fill N            puts so many orders into the shop first
  --minutes N         one turn of so many minutes, with memory and queues sampled: for mixed
  --items N           in the catalogue (10,000)
  --file CSV          real orders for retail (the sample in testbed/retail)
  --json FILE, --html FILE
                      where the result is written, too
  --no-audit          leaves the audit of the shop's books out

It brings up a database and a broker of its own and a shop with default settings, and takes them down again.
Exits with 0, with 1 where the books are wrong or something did not do what it must, with 2 when it cannot run.`;

export class UsageError extends Error {}

export type Options = {
  /** Undefined: the standard set. */
  workloads: Asked[] | undefined;
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

/** Throws a UsageError; undefined when only help was wanted. */
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
    // Node's own words, without the advice of its later sentences.
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
    if (!found) throw new UsageError(`${option}: "${name}" is none of ${known.join(", ")}`);
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
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new UsageError(`${option} must be a whole number from ${least} to ${most}`);
  }
  return value;
}
