import { setTimeout as pause } from "node:timers/promises";
import type { EdgeProxy } from "../../../testbed/proxy/proxy.ts";
import type { Fault, FaultContext } from "../fault.ts";
import { mending } from "./steps.ts";

/**
 * From short outages to ones that outlive every deadline. Keepalive (30 s and 10 s) detects the
 * longest.
 */
const HOLE_MS = [3_000, 45_000] as const;
const MOST_EDGES = 8;

/** Some edges, or all edges of one part, which is then unreachable. */
function someEdges({ system, random, log }: FaultContext, what: string): EdgeProxy[] {
  const { all } = system.edges;
  if (random.chance(0.4)) {
    const { name } = random.pick(system.programs);
    log(`${what}: all edges of ${name}`);
    return all.filter(({ from, to }) => from === name || to === name);
  }
  const some = random.some(all, random.between(1, MOST_EDGES));
  log(`${what}: ${some.map(({ from, to }) => `${from} -> ${to}`).join(", ")}`);
  return some;
}

export const blackHole: Fault = {
  name: "black-hole",
  catalogue: ["F61"],
  what: "some edges, or all of one part, hold everything silently; what was sent arrives later",
  holdMs: HOLE_MS,
  async inject(context) {
    const edges = someEdges(context, "black hole");
    for (const edge of edges) edge.set({ kind: "hole" });
    return mending(edges);
  },
};

export const oneWayLoss: Fault = {
  name: "one-way-loss",
  catalogue: ["F62", "F02"],
  what: "on some edges requests arrive and take effect and no reply comes back, or the reverse",
  holdMs: HOLE_MS,
  async inject(context) {
    const way = context.random.chance(0.75) ? "reply" : "request";
    const edges = someEdges(context, `no ${way} arrives`);
    for (const edge of edges) edge.set({ kind: "hole", way });
    return async () => {
      // What was held may never arrive, as after a partition that outlives the connection.
      if (context.random.chance(0.5)) for (const edge of edges) edge.resetConnections();
      for (const edge of edges) edge.mend();
    };
  },
};

export const slowWays: Fault = {
  name: "slow-ways",
  catalogue: ["F63"],
  what: "some edges are slow: each packet is up to 3 s late, or few bytes pass per second",
  holdMs: [5_000, 15_000],
  async inject(context) {
    const { random } = context;
    const edges = someEdges(context, "slow");
    for (const edge of edges) {
      const late = { kind: "delay", ms: random.between(300, 3_000) } as const;
      const drip = { kind: "throttle", bytesPerSecond: random.between(500, 8_000) } as const;
      edge.set(random.chance(0.6) ? late : drip);
    }
    return mending(edges);
  },
};

const NEXT_RESET_MS = [5, 150] as const;

export const resetStorm: Fault = {
  name: "reset-storm",
  catalogue: ["F60", "F64"],
  what: "connections on all edges are reset many times a second, and some edges refuse connections for a while",
  holdMs: [3_000, 10_000],
  async inject({ system, random, log }) {
    const own = random.fork("resets");
    let over = false;
    let resets = 0;
    const storm = (async () => {
      while (!over) {
        const edge = own.pick(system.edges.all);
        resets += 1;
        if (own.chance(0.1)) {
          edge.set({ kind: "reset" });
          setTimeout(() => edge.set({ kind: "pass" }), own.between(100, 1_500)).unref();
        } else edge.resetConnections();
        await pause(own.between(...NEXT_RESET_MS));
      }
    })();
    log("resets connections");
    return async () => {
      over = true;
      await storm;
      log(`${resets} resets`);
      // The timers of edges that refuse connections are still pending.
      await pause(LAST_RESETS_MS);
      system.edges.mend();
    };
  },
};

const LAST_RESETS_MS = 1_600;
