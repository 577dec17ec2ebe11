import { setTimeout as pause } from "node:timers/promises";
import { leaderOf, moveLeader } from "../../../testbed/system/broker.ts";
import { networkOf } from "../../../testbed/system/cluster.ts";
import type { Engine } from "../../../testbed/system/engine.ts";
import { type LossProbe, startLossProbe } from "../../../testbed/system/loss-probe.ts";
import { OUTSIDE } from "../../../testbed/system/network.ts";
import { asOperator, logLoss, shopStreams } from "../../../testbed/system/operator.ts";
import type { System, Topology } from "../../../testbed/system/system.ts";
import type { Fault, ScriptContext } from "../fault.ts";
import { freeze, kill, namesOf, sleep } from "./steps.ts";

const topology: Topology = { broker: "cluster3" };
const needs = ["namespaces" as const];

/** The node that leads a stream of the shop. */
async function leadingNode(system: System, stream?: string): Promise<Engine> {
  const leader = await asOperator(system, async (operator) => {
    const [first = ""] = await shopStreams(system, operator);
    return leaderOf(operator, stream ?? first);
  });
  return system.brokers.nodes.find(({ name }) => name === leader) as Engine;
}

/**
 * nats-server 2.9 has been seen to leave a stream without a leader for good, long after its nodes reached each other
 * again. What an operator does about that is starting the nodes anew, one after the other.
 */
async function helpWithoutLeader({ system, note }: ScriptContext): Promise<void> {
  const streams = await asOperator(system, (operator) => shopStreams(system, operator));
  try {
    for (const stream of streams) await leadingNode(system, stream);
  } catch {
    note(
      "a stream stayed without a leader after the nodes were together again; they were restarted",
    );
    for (const node of system.brokers.nodes) {
      await node.kill();
      await node.start();
    }
  }
}

export const killLeader: Fault = {
  name: "cluster-leader-killed",
  catalogue: ["F46", "F40"],
  what: "of three brokers the one that leads a stream is killed, and comes back with its store",
  needs,
  topology,
  soak: false,
  holdMs: [1_000, 12_000],
  async inject({ system, log }) {
    return kill(await leadingNode(system), log);
  },
};

export const pauseLeader: Fault = {
  name: "cluster-leader-paused",
  catalogue: ["F46"],
  what: "the leader stands still until another one leads, and goes on as if nothing had been",
  needs,
  topology,
  soak: false,
  holdMs: [5_000, 20_000],
  async inject({ system, log }) {
    return freeze([await leadingNode(system)], log);
  },
};

const QUORUM_MS = 60_000;
const ORDERS_MEANWHILE = 30;
const MEANWHILE_MS = 300_000;

export const noQuorum: Fault = {
  name: "cluster-no-quorum",
  catalogue: ["F48"],
  what: "two of three brokers are away for a minute: no message is taken, orders are",
  needs,
  topology,
  soak: false,
  async run({ system, load, random, log, signal }) {
    const gone = random.some(system.brokers.nodes, 2);
    log(`kills ${namesOf(gone)}`);
    await Promise.all(gone.map((node) => node.kill()));
    const waited = sleep(QUORUM_MS, signal);
    await load?.acknowledged(ORDERS_MEANWHILE, MEANWHILE_MS);
    await waited;
    for (const node of gone) {
      await node.start();
      await pause(random.between(0, 3_000));
    }
  },
};

type Cut = [from: string, to: string];
const bothWays = (one: string, other: string): Cut[] => [
  [one, other],
  [other, one],
];

/** What is cut when `leader` leads and the other two follow. */
const CUTS: Record<string, (leader: string, one: string, other: string) => Cut[]> = {
  "alone, with its clients": (leader, one, other) => [
    ...bothWays(leader, one),
    ...bothWays(leader, other),
  ],
  alone: (leader, one, other) => [
    ...bothWays(leader, one),
    ...bothWays(leader, other),
    [OUTSIDE, leader],
  ],
  "cut from one of the others": (leader, one) => bothWays(leader, one),
  "heard by nobody": (leader, one, other) => [
    [leader, one],
    [leader, other],
  ],
  "deaf for the others": (leader, one, other) => [
    [one, leader],
    [other, leader],
  ],
};

const PARTITIONED_MS = [6_000, 9_000] as const;
const TOGETHER_MS = 6_000;
const JUDGED_TOGETHER = 5;

/** Cuts the leader off so many times, and counts what the cluster lost of what it had acknowledged. */
async function partition(
  course: ScriptContext,
  how: readonly string[],
  times: number,
): Promise<void> {
  const { system, random, log, note, signal, injected, judge } = course;
  const network = networkOf(system.brokers);
  let probe: LossProbe | undefined = await startLossProbe(system.brokers);
  const counts = { acknowledged: 0, lost: 0 };
  const endProbe = async () => {
    const counted = await probe?.end();
    probe = undefined;
    if (!counted) return;
    counts.acknowledged += counted.acknowledged;
    counts.lost += counted.lost;
    log(`of the probe's ${counted.acknowledged} acknowledged messages ${counted.lost} are lost`);
  };
  try {
    for (let time = 1; time <= times && !signal.aborted; time += 1) {
      const cut = how[(time - 1) % how.length] ?? "";
      probe ??= await startLossProbe(system.brokers);
      const leader = await leadingNode(system);
      // The probe and the shop's stream lose by the same cut.
      await asOperator(system, (operator) =>
        moveLeader(operator, probe?.stream ?? "", leader.name),
      );
      await isolate(course, { leader, cut, prove: time <= how.length });
      await sleep(random.between(...PARTITIONED_MS), signal);
      await network.mend();
      injected();
      await sleep(TOGETHER_MS, signal);
      await helpWithoutLeader(course);
      if (time % JUDGED_TOGETHER !== 0 && time < times) continue;
      await endProbe();
      await logLoss(system, note);
      if (time < times) await judge(`${time} of ${times}`);
    }
  } finally {
    await network.mend();
    await endProbe();
  }
  const { acknowledged, lost } = counts;
  note(
    `in all the cluster lost ${lost} of ${acknowledged} messages of a careful publisher that it had acknowledged`,
  );
}

async function isolate(
  { system, log }: ScriptContext,
  { leader, cut, prove }: { leader: Engine; cut: string; prove: boolean },
): Promise<void> {
  const network = networkOf(system.brokers);
  const [one = "", other = ""] = system.brokers.nodes
    .map(({ name }) => name)
    .filter((name) => name !== leader.name);
  log(`${leader.name} is ${cut}`);
  const cuts = CUTS[cut]?.(leader.name, one, other) ?? [];
  for (const [from, to] of cuts) await network.block(from, to);
  if (!prove) return;
  const [[from, to] = [leader.name, one]] = cuts;
  if (await network.arrives(from, to)) throw new Error(`${from} still reaches ${to}`);
  if (!(await network.arrives(one, other))) throw new Error(`${one} does not reach ${other}`);
}

export const isolateLeader: Fault = {
  name: "cluster-leader-isolated",
  catalogue: ["F47"],
  what: "ten times the leader is cut off from the other brokers, with its clients and without them",
  needs,
  topology,
  soak: false,
  run: (course) => partition(course, ["alone, with its clients", "alone"], 10),
};

export const partitionCluster: Fault = {
  name: "cluster-partitioned",
  catalogue: ["F47"],
  what: "partitions in part and in one direction: the leader is cut from one broker, heard by none, or deaf for all",
  needs,
  topology,
  soak: false,
  run: (course) =>
    partition(course, ["cut from one of the others", "heard by nobody", "deaf for the others"], 6),
};
