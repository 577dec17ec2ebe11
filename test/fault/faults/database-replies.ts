import { isCommit } from "../../../testbed/proxy/filters.ts";
import type { Filter } from "../../../testbed/proxy/pipe.ts";
import type { Fault } from "../fault.ts";

/** How the answer to a COMMIT gets lost. */
type Way = "reset at once" | "reset instead of the answer" | "silence";

const WAYS: readonly Way[] = ["reset at once", "reset instead of the answer", "silence"];

/**
 * The service cannot know whether its transaction took effect. Silence: the connection looks well and never answers, as
 * when the other machine has gone without a word.
 */
export const lostCommits: Fault = {
  name: "lost-commit-replies",
  catalogue: ["F21"],
  what: "every service: the answer to some COMMITs is lost, by a reset or in silence",
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
    log(`loses answers to COMMIT on ${edges.length} edges`);
    return async () => {
      for (const edge of edges) edge.filter(undefined);
      log([...counts].map(([way, count]) => `${way} ${count}`).join(", "));
    };
  },
};

/** `next` says for each COMMIT what becomes of its answer; undefined: it arrives. */
function losing(next: () => Way | undefined, lost: (way: Way) => void): Filter {
  const waiting = new Map<number, Way>();
  return ({ way, bytes, connection }) => {
    if (way === "reply") {
      const fate = waiting.get(connection);
      if (fate === undefined) return "pass";
      // The statements before it in its packet have answers of their own.
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
