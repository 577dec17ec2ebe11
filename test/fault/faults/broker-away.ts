import type { Fault, ScriptContext } from "../fault.ts";
import { brokerEdges, freeze, mending, servicesOf, sleep } from "./steps.ts";

/** Accepted while there is no broker. */
const ORDERS_MEANWHILE = 30;
/** No measure of speed: a busy machine takes long to start ten processes. */
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
  what: "the broker is away for a minute and more; orders are accepted, and all is told when it is back",
  async run(course) {
    const { load, random, log, signal } = course;
    await killBrokers(course);
    const waitMs = random.between(60_000, 90_000);
    log(`no broker for ${Math.round(waitMs / 1_000)} s`);
    const waited = sleep(waitMs, signal);
    await load?.acknowledged(ORDERS_MEANWHILE, MEANWHILE_MS);
    await waited;
    await startBrokers(course);
  },
};

export const startWithoutBroker: Fault = {
  name: "start-without-broker",
  catalogue: ["F58"],
  what: "all services are started while there is no broker, and accept orders; it comes later",
  async run(course) {
    const { system, load, random, signal } = course;
    await killBrokers(course);
    const services = servicesOf(system);
    await Promise.all(services.map((program) => program.end()));
    await Promise.all(services.map((program) => program.start()));
    await load?.acknowledged(ORDERS_MEANWHILE, MEANWHILE_MS);
    await sleep(random.between(0, 20_000), signal);
    await startBrokers(course);
  },
};

export const freezeBroker: Fault = {
  name: "broker-frozen",
  catalogue: ["F46", "F10"],
  what: "the broker stands still (SIGSTOP) past every lease and every waiting time for an acknowledgement",
  holdMs: [31_000, 45_000],
  inject: async ({ system, random, log }) => freeze([random.pick(system.brokers.nodes)], log),
};

export const slowBroker: Fault = {
  name: "broker-slow",
  catalogue: ["F63"],
  what: "the ways to the broker are slow: each packet late, or few bytes a second, of all services or of some",
  holdMs: [5_000, 20_000],
  async inject({ system, random, log }) {
    const edges = brokerEdges(system);
    const slow = random.some(edges, random.between(1, edges.length));
    for (const edge of slow) {
      const ms = random.between(100, 3_000);
      const bytesPerSecond = random.between(1_000, 20_000);
      edge.set(random.chance(0.5) ? { kind: "delay", ms } : { kind: "throttle", bytesPerSecond });
    }
    log(`${slow.length} of ${edges.length} ways to the broker are slow`);
    return mending(slow);
  },
};
