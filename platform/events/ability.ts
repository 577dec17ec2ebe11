import { JetStreamApiError, type JetStreamManager } from "@nats-io/jetstream";
import type { Inability } from "../values/inability.ts";

/** What a broker is asked to do. */
type Task = "publish" | "stream" | "consumer";

/** Longer than the pause after which the relay publishes again what failed. */
const REMEMBERED_MS = 30_000;
const NOT_ENABLED_FOR_ACCOUNT = 10_039;
/** Resources, memory, storage and streams of the server or account; bytes or messages of a stream. */
const FULL = new Set([10_002, 10_023, 10_026, 10_028, 10_047, 10_077]);
/** What the server answers for a full stream comes without a number of its own. */
const FULL_TEXT = /maximum (bytes|messages)|insufficient|no space/i;

/**
 * Remembers how the broker's last tasks ended and explains why it cannot do its part. The reason
 * has no figures that change, so that it can be compared with an earlier one.
 */
export function createAbility() {
  const failures = new Map<Task, { inability: Inability; atMs: number }>();
  return {
    /** Runs a task and remembers whether the server refused it. */
    async watch<T>(task: Task, run: () => Promise<T>): Promise<T> {
      try {
        const result = await run();
        failures.delete(task);
        return result;
      } catch (error) {
        // What the server refused. A lost connection ends by itself, and a missing stream, which
        // nothing answers for, is created.
        if (error instanceof JetStreamApiError) {
          failures.set(task, { inability: inabilityOf(error), atMs: performance.now() });
        }
        throw error;
      }
    },
    /** Why the broker cannot store or deliver events; undefined if it can. */
    async check(manager: () => Promise<JetStreamManager>): Promise<Inability | undefined> {
      try {
        await (await manager()).getAccountInfo();
      } catch (error) {
        return inabilityOf(error);
      }
      const sinceMs = performance.now() - REMEMBERED_MS;
      return [...failures.values()].find(({ atMs }) => atMs > sinceMs)?.inability;
    },
  };
}

function inabilityOf(error: unknown): Inability {
  const code = error instanceof JetStreamApiError ? error.code : undefined;
  if (isUnanswered(error) || code === NOT_ENABLED_FOR_ACCOUNT) {
    const remedy = "start nats-server with --jetstream and enable it for the account";
    return { cause: "no_jetstream", reason: `the broker has no JetStream; ${remedy}` };
  }
  const text = error instanceof Error ? error.message : String(error);
  if ((code !== undefined && FULL.has(code)) || FULL_TEXT.test(text)) {
    const remedy = "give it more disk or raise its limits";
    return { cause: "full", reason: `the broker has no room for events (${text}); ${remedy}` };
  }
  return { cause: "failing", reason: `the broker does not do its part (${text}); see its log` };
}

/** Whether nothing listens to the request. The client does not export the class of this error. */
function isUnanswered(error: unknown): boolean {
  return error instanceof Error && error.name === "JetStreamNotEnabled";
}
