import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { wipeStore } from "../../../testbed/engines/own-broker.ts";
import { diskOf, type LoopDisk, loopDisk } from "../../../testbed/system/disk.ts";
import type { Engine } from "../../../testbed/system/engine.ts";
import { logLoss } from "../../../testbed/system/operator.ts";
import type { Fault, ScriptContext } from "../fault.ts";
import { onOwnDisk, sleep } from "./steps.ts";

const DISK_MEGABYTES = 256;
const POWER_CUTS = 20;
const WIPES = 10;
/** Judged after this many, so that a violation is close to its cause. */
const TOGETHER = 5;

const onLoopDisk = onOwnDisk(() => loopDisk(DISK_MEGABYTES), "brokerDirectory");

/** Breaks a broker `times` times while orders are placed, and judges in between. */
async function repeatedly(
  context: ScriptContext,
  times: number,
  once: (broker: Engine) => Promise<void>,
): Promise<void> {
  const { system, random, note, signal, injected } = context;
  const broker = random.pick(system.brokers.nodes);
  for (let time = 1; time <= times && !signal.aborted; time += 1) {
    await sleep(random.between(200, 6_000), signal);
    await once(broker);
    injected();
    if (time % TOGETHER === 0) {
      await logLoss(system, note);
      if (time < times) await context.judge(`${time} of ${times}`);
    }
  }
}

export const cutBrokersPower: Fault = {
  name: "broker-power-cut",
  catalogue: ["F41"],
  what: `${POWER_CUTS} power cuts of the broker: what had not reached its disk is lost, acknowledged or not`,
  needs: ["loop", "mount"],
  prepare: onLoopDisk,
  async run(context) {
    const [broker] = context.system.brokers.nodes as [Engine];
    const disk = diskOf<LoopDisk>(broker);
    // Written before the first cut, so that the configuration is not lost.
    await disk.sync();
    await repeatedly(context, POWER_CUTS, async () => {
      await disk.cutPower(broker);
      await pause(context.random.between(0, 2_000));
      await broker.start();
    });
  },
};

export const wipeBroker: Fault = {
  name: "broker-wiped",
  catalogue: ["F42"],
  what: `${WIPES} times the broker starts empty: streams, messages and consumers are gone`,
  holdMs: [0, 3_000],
  async run(context) {
    await repeatedly(context, WIPES, async (broker) => {
      await broker.kill();
      await pause(context.random.between(0, 3_000));
      await startEmpty(broker);
    });
  },
  async inject({ system, random }) {
    const broker = random.pick(system.brokers.nodes);
    await broker.kill();
    return () => startEmpty(broker);
  },
};

async function startEmpty(broker: Engine): Promise<void> {
  // Another fault may have started it meanwhile.
  await broker.kill();
  wipeStore(broker);
  await broker.start();
}

/** Copies the store at one moment. */
async function keepStore(broker: Engine, copy: string): Promise<void> {
  rmSync(copy, { recursive: true, force: true });
  broker.signal("SIGSTOP");
  try {
    cpSync(broker.storeDirectory ?? "", copy, { recursive: true });
  } finally {
    broker.signal("SIGCONT");
  }
}

export const putOldStoreBack: Fault = {
  name: "broker-time-travel",
  catalogue: ["F45"],
  what: "the broker starts with a copy of its store that is some seconds old: sequence numbers repeat",
  holdMs: [2_000, 12_000],
  async inject({ system, random, log }) {
    const broker = random.pick(system.brokers.nodes);
    const copy = join(system.directory, "old-store");
    await keepStore(broker, copy);
    return async () => {
      await broker.kill();
      wipeStore(broker);
      cpSync(copy, broker.storeDirectory ?? "", { recursive: true });
      await broker.start();
      await logLoss(system, log);
    };
  },
};
