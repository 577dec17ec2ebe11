import { setTimeout as pause } from "node:timers/promises";
import { SERVICES } from "#proto/services.ts";
import { isService } from "../../../testbed/system/parts.ts";
import type { Fault } from "../fault.ts";

/** Past every lease, every deadline, and JetStream's wait for an acknowledgement (30 s). */
const PAUSE_MS = [40_000, 46_000] as const;

export const pauseProcess: Fault = {
  name: "pause-process",
  catalogue: ["F10"],
  what: "SIGSTOP of one to three processes past every lease, deadline and ack_wait; then they go on where they were",
  needs: ["linux"],
  holdMs: PAUSE_MS,
  async inject({ system, random, log }) {
    const paused = random.some(system.programs, random.between(1, 3));
    log(`stops ${paused.map(({ name }) => name).join(", ")}`);
    for (const program of paused) program.signal("SIGSTOP");
    return async () => {
      for (const program of paused) program.signal("SIGCONT");
    };
  },
};

const APART_MS = [0, 12_000] as const;

/** Nobody is left to do its work; the first to wake up does all of it before the other goes on in the middle of its own. */
export const pauseService: Fault = {
  name: "pause-service",
  catalogue: ["F10"],
  what: "SIGSTOP of both replicas of a service past every lease, deadline and ack_wait; one wakes up before the other",
  needs: ["linux"],
  holdMs: PAUSE_MS,
  async inject({ system, random, log }) {
    const kind = random.pick(SERVICES);
    const replicas = system.programs.filter((program) => program.kind === kind);
    const paused = random.some(replicas, replicas.length);
    log(`stops ${paused.map(({ name }) => name).join(", ")}`);
    for (const program of paused) program.signal("SIGSTOP");
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
  what: "the event loop of one to three services stands still for 5 s, while what is sent to them piles up",
  needs: ["linux"],
  holdMs: [5_500, 9_000],
  async inject({ system, random, log }) {
    const services = system.programs.filter(({ kind }) => isService(kind));
    const busy = random.some(services, random.between(1, 3));
    for (const program of busy) {
      await program.end("SIGTERM");
      await program.start({ NODE_OPTIONS: `--import=${BUSY_LOOP}` });
    }
    // With work in their hands.
    await pause(random.between(500, 2_000));
    log(`blocks ${busy.map(({ name }) => name).join(", ")}`);
    for (const program of busy) program.signal("SIGUSR2");
    return async () => {
      for (const program of busy) {
        await program.end("SIGTERM");
        await program.start();
      }
    };
  },
};
