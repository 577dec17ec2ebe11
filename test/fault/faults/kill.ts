import type { Fault } from "../fault.ts";

/** One process at a time: its replica, or whoever comes to it later, has to go on. */
export const killService: Fault = {
  name: "kill-service",
  catalogue: ["F01", "F08"],
  what: "kill -9 of any one process of the shop, the gateway and the platform included; it comes back later",
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
  what: "kill -9 of nats-server, in a cluster of any one; it comes back with its store",
  holdMs: [200, 6_000],
  async inject({ system, random, log }) {
    const node = random.pick(system.brokers.nodes);
    log(`kills ${node.name}`);
    await node.kill();
    return () => node.start();
  },
};

export const killDatabase: Fault = {
  name: "kill-database",
  catalogue: ["F20"],
  what: "kill -9 of the database in the middle of transactions; it comes back and recovers",
  holdMs: [200, 6_000],
  async inject({ system, log }) {
    log("kills the database");
    await system.database.kill();
    return () => system.database.start();
  },
};
