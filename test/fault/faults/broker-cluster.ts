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

/** The node that leads a stream, by default the shop's first. */
async function leadingNode(system: System, stream?: string): Promise<Engine> {
  const leader = await asOperator(system, async (operator) => {
    const [first = ""] = await shopStreams(system, operator);
    return leaderOf(operator, stream ?? first);
  });
  return system.brokers.nodes.find(({ name }) => name === leader) as Engine;
}

/**
 * Restarts the nodes one after the other, as an operator would, when a stream has no leader.
 * nats-server 2.9 may leave a stream without a leader for good, long after its nodes reach each
 * other again.
 */
async function helpWithoutLeader({ system, note }: ScriptContext): Promise<void> {
  const streams = await asOperator(system, (operator) => shopStreams(system, operator));
  try {
    for (const stream of streams) await leadingNode(system, stream);
  } catch {
    note("a stream had no leader after the partition ended; the nodes were restarted");
    for (const node of system.brokers.nodes) {
      await node.kill();
      await node.start();
    }
  }
}

export const killLeader: Fault = {
  name: "cluster-leader-killed",
  catalogue: ["F46", "F40"],
  what: "SIGKILL of the leader of three brokers; it starts again with its store",
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
  what: "SIGSTOP of the leader until another node leads; then it continues",
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
  what: "two of three brokers are down for a minute: no message is accepted, orders are",
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

/** The directions that are cut when `leader` leads and the other two follow. */
const CUTS: Record<string, (leader: string, one: string, other: string) => Cut[]> = {
  "isolated with its clients": (leader, one, other) => [
    ...bothWays(leader, one),
    ...bothWays(leader, other),
  ],
  isolated: (leader, one, other) => [
    ...bothWays(leader, one),
    ...bothWays(leader, other),
    [OUTSIDE, leader],
  ],
  "cut off from one node": (leader, one) => bothWays(leader, one),
  "unable to send": (leader, one, other) => [
    [leader, one],
    [leader, other],
  ],
  "unable to receive": (leader, one, other) => [
    [one, leader],
    [other, leader],
  ],
};

const PARTITIONED_MS = [6_000, 9_000] as const;
const TOGETHER_MS = 6_000;
const JUDGED_TOGETHER = 5;

/**
 * Isolates the leader `times` times, and counts what the cluster lost of what it had acknowledged.
 */
async function partition(
  context: ScriptContext,
  how: readonly string[],
  times: number,
): Promise<void> {
  const { system, random, log, note, signal, injected, judge } = context;
  const network = networkOf(system.brokers);
  let probe: LossProbe | undefined = await startLossProbe(system.brokers);
  const counts = { acknowledged: 0, lost: 0 };
  const endProbe = async () => {
    const counted = await probe?.end();
    probe = undefined;
    if (!counted) return;
    counts.acknowledged += counted.acknowledged;
    counts.lost += counted.lost;
    log(
      `the cluster lost ${counted.lost} of the probe's ${counted.acknowledged} acknowledged messages`,
    );
  };
  try {
    for (let time = 1; time <= times && !signal.aborted; time += 1) {
      const cut = how[(time - 1) % how.length] ?? "";
      probe ??= await startLossProbe(system.brokers);
      const leader = await leadingNode(system);
      // The probe's stream gets the same leader, so that a cut affects both streams.
      await asOperator(system, (operator) =>
        moveLeader(operator, probe?.stream ?? "", leader.name),
      );
      await isolate(context, { leader, cut, prove: time <= how.length });
      await sleep(random.between(...PARTITIONED_MS), signal);
      await network.mend();
      injected();
      await sleep(TOGETHER_MS, signal);
      await helpWithoutLeader(context);
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
  note(`in total the cluster lost ${lost} of the probe's ${acknowledged} acknowledged messages`);
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
  what: "ten times the leader is isolated from the other brokers, with its clients and without them",
  needs,
  topology,
  soak: false,
  run: (context) => partition(context, ["isolated with its clients", "isolated"], 10),
};

export const partitionCluster: Fault = {
  name: "cluster-partitioned",
  catalogue: ["F47"],
  what: "partial and one-way partitions: the leader is cut off from one node, or can only receive, or only send",
  needs,
  topology,
  soak: false,
  run: (context) =>
    partition(context, ["cut off from one node", "unable to send", "unable to receive"], 6),
};
