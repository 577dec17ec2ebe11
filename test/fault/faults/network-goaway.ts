import { SERVICES } from "#proto/services.ts";
import { sendGoaway } from "../../../testbed/proxy/goaway.ts";
import type { Fault } from "../fault.ts";

export const goawayStorm: Fault = {
  name: "goaway-storm",
  catalogue: ["F64"],
  what: "servers send GOAWAY again and again during calls, so that callers open another connection",
  holdMs: [4_000, 10_000],
  async inject({ system, random, log }) {
    const edges = SERVICES.flatMap((to) => system.edges.select({ to }));
    const storms = edges.map((edge, index) => {
      const own = random.fork(index);
      const storm = sendGoaway(() => own.chance(0.1));
      edge.filter(storm.filter);
      return storm;
    });
    log(`sends GOAWAY on ${edges.length} edges`);
    return async () => {
      for (const edge of edges) edge.mend();
      log(`${storms.reduce((sum, { sent }) => sum + sent(), 0)} times`);
    };
  },
};
