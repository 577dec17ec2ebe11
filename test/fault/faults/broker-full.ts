import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { DiscardPolicy, type StreamConfig } from "@nats-io/jetstream";
import { diskOf, type SmallDisk, smallDisk } from "../../../testbed/system/disk.ts";
import type { Engine } from "../../../testbed/system/engine.ts";
import { asOperator, logLoss, shopStreams } from "../../../testbed/system/operator.ts";
import type { Fault } from "../fault.ts";
import { fillDisk, onOwnDisk } from "./steps.ts";

const SMALL_MEGABYTES = 48;
const ROOMY_MEGABYTES = 256;
/** Orders that the shop must accept while the broker accepts no message. */
const ORDERS_MEANWHILE = 10;
const MEANWHILE_MS = 300_000;

const onSmallDisk = onOwnDisk(() => smallDisk(SMALL_MEGABYTES), "brokerDirectory");

/** nats-server 2.9 disables JetStream when its disk is full, and enables it only at a start. */
export const fillBrokersDisk: Fault = {
  name: "broker-disk-full",
  catalogue: ["F56"],
  what: "the broker's disk is full while orders are placed; it gets space, and the broker is restarted",
  needs: ["mount"],
  prepare: onSmallDisk,
  async run({ system, load, random, log }) {
    const [broker] = system.brokers.nodes as [Engine];
    const disk = diskOf<SmallDisk>(broker);
    await disk.resize(SMALL_MEGABYTES);
    const filler = join(disk.directory, "filler");
    fillDisk(filler);
    await load?.acknowledged(ORDERS_MEANWHILE, MEANWHILE_MS);
    await pause(random.between(1_000, 8_000));
    const still = await asOperator(system, ({ manager }) => manager.getAccountInfo()).then(
      ({ storage }) => `still has JetStream, with ${storage} bytes`,
      (error: Error) => `has disabled JetStream (${error.message})`,
    );
    log(`the disk is full, and the broker ${still}`);
    rmSync(filler);
    await disk.resize(ROOMY_MEGABYTES);
    await broker.kill();
    await broker.start();
    await logLoss(system, log);
  },
};

const UNLIMITED = { max_msgs: -1, max_bytes: -1, discard: DiscardPolicy.New };
/**
 * Limits that an operator may set by mistake: a full stream refuses messages, or discards unread
 * ones.
 */
const LIMITS: Record<string, (messages: number) => Partial<StreamConfig>> = {
  "accepts no further message": (messages) => ({ max_msgs: Math.max(messages, 1) }),
  "holds at most 2,000 bytes": () => ({ max_bytes: 2_000 }),
  "keeps only its last message": () => ({ max_msgs: 1, discard: DiscardPolicy.Old }),
};

export const limitStreams: Fault = {
  name: "stream-limit",
  catalogue: ["F57"],
  what: "a stream reaches its limit: it refuses messages, or discards unread ones",
  holdMs: [3_000, 15_000],
  async inject({ system, random, log }) {
    const what = random.pick(Object.keys(LIMITS));
    const update = (limit: (typeof LIMITS)[string]) =>
      asOperator(system, async (operator) => {
        const streams = await shopStreams(system, operator);
        for (const stream of streams) {
          const { config, state } = await operator.manager.streams.info(stream);
          const wanted = { ...config, ...UNLIMITED, ...limit(state.messages) };
          await operator.manager.streams.update(stream, wanted);
        }
        return streams;
      });
    const streams = await update(LIMITS[what] ?? (() => ({})));
    log(`each of ${streams.join(", ")} ${what}`);
    return async () => {
      await update(() => ({}));
    };
  },
};
