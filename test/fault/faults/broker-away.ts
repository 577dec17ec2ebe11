import type { Fault, ScriptContext } from "../fault.ts";
import { brokerEdges, freeze, mending, servicesOf, sleep } from "./steps.ts";

/** Orders that the shop must accept without a broker. */
const ORDERS_MEANWHILE = 30;
/** Not a measure of speed: a busy machine needs long to start ten processes. */
const MEANWHILE_MS = 300_000;

async function startBrokers({ system }: Pick<ScriptContext, "system">): Promise<void> {
  await Promise.all(system.brokers.nodes.map((node) => node.start()));
}

async function killBrokers({ system }: Pick<ScriptContext, "system">): Promise<void> {
  await Promise.all(system.brokers.nodes.map((node) => node.kill()));
}

export const longWithoutBroker: Fault = {
  name: "broker-long-away",
  catalogue: ["F58"],
  what: "the broker is down for 60 to 90 s; orders are accepted, and all events are published once it is back",
  async run(context) {
    const { load, random, log, signal } = context;
    await killBrokers(context);
    const waitMs = random.between(60_000, 90_000);
    log(`the broker is down for ${Math.round(waitMs / 1_000)} s`);
    const waited = sleep(waitMs, signal);
    await load?.acknowledged(ORDERS_MEANWHILE, MEANWHILE_MS);
    await waited;
    await startBrokers(context);
  },
};

export const startWithoutBroker: Fault = {
  name: "start-without-broker",
  catalogue: ["F58"],
  what: "all services start without a broker and accept orders; the broker starts later",
  async run(context) {
    const { system, load, random, signal } = context;
    await killBrokers(context);
    const services = servicesOf(system);
    await Promise.all(services.map((program) => program.end()));
    await Promise.all(services.map((program) => program.start()));
    await load?.acknowledged(ORDERS_MEANWHILE, MEANWHILE_MS);
    await sleep(random.between(0, 20_000), signal);
    await startBrokers(context);
  },
};

export const freezeBroker: Fault = {
  name: "broker-frozen",
  catalogue: ["F46", "F10"],
  what: "SIGSTOP of a broker for longer than every lease and every ack_wait",
  holdMs: [31_000, 45_000],
  inject: async ({ system, random, log }) => freeze([random.pick(system.brokers.nodes)], log),
};

export const slowBroker: Fault = {
  name: "broker-slow",
  catalogue: ["F63"],
  what: "edges to the broker are slow, for some services or all: each packet is late, or few bytes pass per second",
  holdMs: [5_000, 20_000],
  async inject({ system, random, log }) {
    const edges = brokerEdges(system);
    const slow = random.some(edges, random.between(1, edges.length));
    for (const edge of slow) {
      const ms = random.between(100, 3_000);
      const bytesPerSecond = random.between(1_000, 20_000);
      edge.set(random.chance(0.5) ? { kind: "delay", ms } : { kind: "throttle", bytesPerSecond });
    }
    log(`${slow.length} of ${edges.length} edges to the broker are slow`);
    return mending(slow);
  },
};
