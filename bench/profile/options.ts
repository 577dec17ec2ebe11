import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { SERVICES } from "#proto/services.ts";
import type { WorkloadName } from "../load/messages.ts";
import { UsageError } from "../options.ts";

const EDGES = ["gateway", "sandbox"];
const BASELINES = ["monolith", "bare"] as const;
const PROGRAMS = [...SERVICES, ...EDGES, ...BASELINES];
const WORKLOADS = ["place", "hot", "pay", "mixed"] as const satisfies WorkloadName[];
/** Workloads that only the shop can run, with gateway and sandbox provider. */
const PAYING: readonly WorkloadName[] = ["pay", "mixed"];

export const USAGE = `Records a CPU profile of one process under load, and lists where the time goes.

  npm run profile -- PROGRAM [OPTION...]    for example:
    npm run profile -- order --seconds 15 --inflight 256

  PROGRAM          of ${PROGRAMS.join(", ")}
  --workload NAME  of ${WORKLOADS.join(", ")} (default place)
  --seconds N      recorded seconds (default 15)
  --inflight N     customers at once, each orders again once it has its answer (default 256)
  --clients N      client processes (default 2)
  --top N          functions in the table (default 25)
  --out DIRECTORY  where PROGRAM-WORKLOAD.cpuprofile and .html are written (default .shop/profiles)

The .html file is a flame graph for any browser; the .cpuprofile file is for the developer tools of
Chrome and others. The command starts engines and target as the bench does, and stops them.`;

export type ProfileOptions = {
  program: string;
  /** The target that contains the program. */
  target: "shop" | (typeof BASELINES)[number];
  workload: WorkloadName;
  /** Whether gateway and sandbox provider run. */
  paying: boolean;
  seconds: number;
  inFlight: number;
  clients: number;
  top: number;
  directory: string;
};

/** Reads the command line; undefined when only help is wanted. Throws a UsageError. */
export function readProfileOptions(
  args: string[],
  env: NodeJS.ProcessEnv,
): ProfileOptions | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [program, ...rest] = positionals;
  if (program === undefined || rest.length > 0) throw new UsageError("name one PROGRAM");
  if (!PROGRAMS.includes(program)) {
    throw new UsageError(`"${program}" is not one of ${PROGRAMS.join(", ")}`);
  }
  const workload = WORKLOADS.find((name) => name === values.workload);
  if (!workload)
    throw new UsageError(`--workload: "${values.workload}" is not one of ${WORKLOADS.join(", ")}`);
  const baseline = BASELINES.find((name) => name === program);
  const needsPaying = PAYING.includes(workload);
  if (baseline && needsPaying) throw new UsageError(`${program} cannot run ${workload}`);
  const start = (env.npm_lifecycle_event === "profile" && env.INIT_CWD) || process.cwd();
  return {
    program,
    target: baseline ?? "shop",
    workload,
    paying: needsPaying || EDGES.includes(program),
    seconds: whole("--seconds", values.seconds, 600),
    inFlight: whole("--inflight", values.inflight, 2_000),
    clients: whole("--clients", values.clients, 16),
    top: whole("--top", values.top, 1_000),
    directory: resolve(start, values.out),
  };
}

function parse(args: string[]) {
  const text = (value: string) => ({ type: "string", default: value }) as const;
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        workload: text("place"),
        seconds: text("15"),
        inflight: text("256"),
        clients: text("2"),
        top: text("25"),
        out: text(".shop/profiles"),
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    // Node's first sentence, without its advice.
    throw new UsageError((error as Error).message.split(/\. |\n/)[0]);
  }
}

function whole(option: string, text: string, most: number): number {
  const value = /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= most) return value;
  throw new UsageError(`${option} must be a whole number from 1 to ${most}, not "${text}"`);
}
