import type { Fault } from "../fault.ts";
import { kill } from "./steps.ts";

/** One process at a time, so that its other replica, or its next run, has to finish the work. */
export const killService: Fault = {
  name: "kill-service",
  catalogue: ["F01", "F08"],
  what: "SIGKILL of one process of the shop, the gateway and the providers included; it starts again later",
  holdMs: [500, 4_000],
  async inject({ system, random, log }) {
    const victim = random.pick(system.programs);
    log(`kills ${victim.name}`);
    await victim.end("SIGKILL");
    return () => victim.start();
  },
};

export const killBroker: Fault = {
  name: "kill-broker",
  catalogue: ["F40"],
  what: "SIGKILL of a nats-server; it starts again with its store",
  holdMs: [200, 6_000],
  inject: ({ system, random, log }) => kill(random.pick(system.brokers.nodes), log),
};

export const killDatabase: Fault = {
  name: "kill-database",
  catalogue: ["F20"],
  what: "SIGKILL of the database within transactions; it starts again and recovers",
  holdMs: [200, 6_000],
  inject: ({ system, log }) => kill(system.database, log),
};
