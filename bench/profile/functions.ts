import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { CpuProfile } from "./inspector.ts";

/** The cost of a function while the profile was recorded. */
export type FunctionCost = {
  name: string;
  /** Such as "services/order/rpc.ts:27"; empty for code of V8 or Node. */
  place: string;
  /** In the function itself. */
  selfMs: number;
  /** In the function and everything it called. */
  totalMs: number;
};

export type Costs = {
  /** The part of the recorded time in which the process was not idle. */
  busyMs: number;
  elapsedMs: number;
  /** By time of their own, longest first. */
  functions: FunctionCost[];
};

type Frame = CpuProfile["nodes"][number]["callFrame"];

const IDLE = "(idle)";
const ROOT = "(root)";
const root = fileURLToPath(new URL("../..", import.meta.url));

export function costsOf(profile: CpuProfile): Costs {
  const selfMs = selfTimes(profile);
  const functions = new Map<string, FunctionCost>();
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  /**
   * Sums up a node and its descendants; `above` are the callers, among which recursion repeats a
   * function.
   */
  const walk = (id: number, above: ReadonlySet<string>): number => {
    const node = nodes.get(id);
    if (!node) return 0;
    const { functionName } = node.callFrame;
    const place = placeOf(node.callFrame);
    const name = functionName || "(anonymous)";
    const key = `${name} ${place} ${node.callFrame.columnNumber}`;
    const own = selfMs.get(id) ?? 0;
    const inside = new Set(above).add(key);
    const below = (node.children ?? []).reduce((sum, child) => sum + walk(child, inside), 0);
    if (functionName === ROOT || functionName === IDLE) return own + below;
    const cost = functions.get(key) ?? { name, place, selfMs: 0, totalMs: 0 };
    cost.selfMs += own;
    if (!above.has(key)) cost.totalMs += own + below;
    functions.set(key, cost);
    return own + below;
  };
  const [first] = profile.nodes;
  if (first) walk(first.id, new Set());
  const sorted = [...functions.values()].sort((a, b) => b.selfMs - a.selfMs);
  return {
    busyMs: sorted.reduce((sum, cost) => sum + cost.selfMs, 0),
    elapsedMs: (profile.endTime - profile.startTime) / 1_000,
    functions: sorted,
  };
}

/** Milliseconds at each node: a sample lasts until the next one. */
function selfTimes({ samples, timeDeltas, startTime, endTime }: CpuProfile): Map<number, number> {
  const times = new Map<number, number>();
  let at = startTime;
  for (const [index, id] of samples.entries()) {
    at += timeDeltas[index] ?? 0;
    const microseconds = Math.max(timeDeltas[index + 1] ?? endTime - at, 0);
    times.set(id, (times.get(id) ?? 0) + microseconds / 1_000);
  }
  return times;
}

function placeOf({ url, lineNumber }: Frame): string {
  if (url === "") return "";
  const path = url.startsWith("file:") ? relative(root, fileURLToPath(url)) : url;
  return `${path.replace(/^.*node_modules\//, "")}:${lineNumber + 1}`;
}
