import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { SERVICES } from "#proto/services.ts";
import type { WorkloadName } from "../load/messages.ts";
import { UsageError } from "../options.ts";

const EDGES = ["gateway", "sandbox"];
const BASELINES = ["monolith", "bare"] as const;
const PROGRAMS = [...SERVICES, ...EDGES, ...BASELINES];
const WORKLOADS = ["place", "hot", "pay", "mixed"] as const satisfies WorkloadName[];
/** Of these only the shop has all services; they need gateway and payment platform, too. */
const PAYING: readonly WorkloadName[] = ["pay", "mixed"];

export const USAGE = `Records a CPU profile of one process under load, and says which functions the time went to.

  npm run profile -- PROGRAM [--workload place] [--seconds 15] [--inflight 256] [--out DIRECTORY]
  npm run profile -- order --seconds 15 --inflight 256

  PROGRAM     of ${PROGRAMS.join(", ")}
  --workload  of ${WORKLOADS.join(", ")} (place)
  --seconds   that are recorded (15)
  --inflight  customers at once, each orders again once it has its answer (256)
  --clients   client processes (2)
  --top       functions in the table (25)
  --out       where PROGRAM-WORKLOAD.cpuprofile and .html are written (.shop/profiles)

The .html is a flame graph that needs nothing but a browser; the .cpuprofile is for the developer tools of Chrome
and others. It brings up engines and what is loaded as the bench does, and takes them down again.`;

export type ProfileOptions = {
  program: string;
  /** What has this program. */
  target: "shop" | (typeof BASELINES)[number];
  workload: WorkloadName;
  /** Whether gateway and payment platform run. */
  paying: boolean;
  seconds: number;
  inFlight: number;
  clients: number;
  top: number;
  directory: string;
};

/** Throws a UsageError; undefined when only help was wanted. */
export function readProfileOptions(
  args: string[],
  env: NodeJS.ProcessEnv,
): ProfileOptions | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [program, ...rest] = positionals;
  if (program === undefined || rest.length > 0) throw new UsageError("one PROGRAM must be named");
  if (!PROGRAMS.includes(program)) {
    throw new UsageError(`"${program}" is none of ${PROGRAMS.join(", ")}`);
  }
  const workload = WORKLOADS.find((name) => name === values.workload);
  if (!workload) throw new UsageError(`--workload is one of ${WORKLOADS.join(", ")}`);
  const baseline = BASELINES.find((name) => name === program);
  const needsPaying = PAYING.includes(workload);
  if (baseline && needsPaying) throw new UsageError(`${program} cannot do ${workload}`);
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
    // Node's own words, without the advice of its later sentences.
    throw new UsageError((error as Error).message.split(/\. |\n/)[0]);
  }
}

function whole(option: string, text: string, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= most) return value;
  throw new UsageError(`${option} must be a whole number from 1 to ${most}`);
}
