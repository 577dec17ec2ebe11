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
/** Accepted while the broker takes nothing. */
const ORDERS_MEANWHILE = 10;
const MEANWHILE_MS = 300_000;

const onSmallDisk = onOwnDisk(() => smallDisk(SMALL_MEGABYTES), "brokerDirectory");

/** nats-server 2.9 turns JetStream off when its disk is full, and space alone does not turn it on again. */
export const fillBrokersDisk: Fault = {
  name: "broker-disk-full",
  catalogue: ["F56"],
  what: "the broker's disk is full while orders go on; it gets space and is started again",
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
      (error: Error) => `has no JetStream any more (${error.message})`,
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
/** What an operator may set by mistake: refused when full, or forgotten without having been read. */
const LIMITS: Record<string, (messages: number) => Partial<StreamConfig>> = {
  "takes nothing more": (messages) => ({ max_msgs: Math.max(messages, 1) }),
  "takes only 2,000 bytes": () => ({ max_bytes: 2_000 }),
  "keeps only its last message": () => ({ max_msgs: 1, discard: DiscardPolicy.Old }),
};

export const limitStreams: Fault = {
  name: "stream-limit",
  catalogue: ["F57"],
  what: "a stream reaches its limit: what comes is refused, or what is there is forgotten unread",
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
