import { isCommit } from "../../../testbed/proxy/filters.ts";
import type { Filter } from "../../../testbed/proxy/pipe.ts";
import type { Fault } from "../fault.ts";

/** How the reply to a COMMIT gets lost. */
type Way = "reset at once" | "reset instead of the reply" | "silence";

const WAYS: readonly Way[] = ["reset at once", "reset instead of the reply", "silence"];

/**
 * The service cannot know whether its transaction took effect. With "silence" the connection stays
 * open and the server never replies, as when its machine is lost.
 */
export const lostCommits: Fault = {
  name: "lost-commit-replies",
  catalogue: ["F21"],
  what: "replies to some COMMITs of all services are lost, by a reset or by silence",
  holdMs: [2_000, 8_000],
  async inject({ system, random, log }) {
    const edges = system.edges.select({ to: "database" });
    const counts = new Map<Way, number>();
    for (const [index, edge] of edges.entries()) {
      const own = random.fork(index);
      const share = own.between(5, 50) / 100;
      const next = () => (own.chance(share) ? own.pick(WAYS) : undefined);
      edge.filter(
        losing(next, (way) => {
          counts.set(way, (counts.get(way) ?? 0) + 1);
        }),
      );
    }
    log(`loses replies to COMMIT on ${edges.length} edges`);
    return async () => {
      for (const edge of edges) edge.filter(undefined);
      log([...counts].map(([way, count]) => `${way} ${count}`).join(", "));
    };
  },
};

/** `next` returns for each COMMIT how its reply gets lost; undefined if it arrives. */
function losing(next: () => Way | undefined, lost: (way: Way) => void): Filter {
  const waiting = new Map<number, Way>();
  return ({ way, bytes, connection }) => {
    if (way === "reply") {
      const fate = waiting.get(connection);
      if (fate === undefined) return "pass";
      // Earlier statements of the packet have replies of their own.
      if (fate === "silence") return "lose";
      waiting.delete(connection);
      return "reset";
    }
    const fate = isCommit(bytes) ? next() : undefined;
    if (fate === undefined) return "pass";
    lost(fate);
    if (fate === "reset at once") return "pass-then-reset";
    waiting.set(connection, fate);
    return "pass";
  };
}
