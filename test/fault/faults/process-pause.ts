import { setTimeout as pause } from "node:timers/promises";
import { SERVICES } from "#proto/services.ts";
import type { Fault } from "../fault.ts";
import { freeze, namesOf, restartEach, servicesOf } from "./steps.ts";

/** Longer than every lease and deadline, and than JetStream's ack_wait (30 s). */
const PAUSE_MS = [40_000, 46_000] as const;

export const pauseProcess: Fault = {
  name: "pause-process",
  catalogue: ["F10"],
  what: "SIGSTOP of one to three processes for longer than every lease, deadline and ack_wait; then they continue",
  needs: ["linux"],
  holdMs: PAUSE_MS,
  async inject({ system, random, log }) {
    return freeze(random.some(system.programs, random.between(1, 3)), log);
  },
};

const APART_MS = [0, 12_000] as const;

/**
 * No replica is left to do the work. The first to continue does all of it before the other one
 * continues in the middle of its own.
 */
export const pauseService: Fault = {
  name: "pause-service",
  catalogue: ["F10"],
  what: "SIGSTOP of both replicas of a service for longer than every lease, deadline and ack_wait; one continues before the other",
  needs: ["linux"],
  holdMs: PAUSE_MS,
  async inject({ system, random, log }) {
    const kind = random.pick(SERVICES);
    const replicas = system.programs.filter((program) => program.kind === kind);
    const paused = random.some(replicas, replicas.length);
    freeze(paused, log);
    return async () => {
      for (const program of paused) {
        program.signal("SIGCONT");
        await pause(random.between(...APART_MS));
      }
    };
  },
};

const BUSY_LOOP = new URL("../../../testbed/system/busy-loop.ts", import.meta.url).href;

export const blockEventLoop: Fault = {
  name: "block-event-loop",
  catalogue: ["F12"],
  what: "the event loop of one to three services is blocked for 5 s while requests pile up",
  needs: ["linux"],
  holdMs: [5_500, 9_000],
  async inject({ system, random, log }) {
    const busy = random.some(servicesOf(system), random.between(1, 3));
    await restartEach(busy, { env: { NODE_OPTIONS: `--import=${BUSY_LOOP}` } });
    // Until they have work in progress.
    await pause(random.between(500, 2_000));
    log(`blocks the event loop of ${namesOf(busy)}`);
    for (const program of busy) program.signal("SIGUSR2");
    return () => restartEach(busy);
  },
};
