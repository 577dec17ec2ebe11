import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Broker, connectBroker } from "#platform/events/broker.ts";
import { createLog } from "#platform/telemetry/log.ts";
import { temporaryDirectory } from "../../../testbed/engines/directories.ts";
import { eventually } from "../../../testbed/eventually.ts";
import type { Brokers } from "../../../testbed/system/engine.ts";
import { startBrokers } from "../../../testbed/system/engines.ts";

const FACT = "order.v1.cancelled";
const DURABLE = "goods_order_v1_cancelled";
const FETCH_MS = 1_500;

describe("a consumer of a stream that lost its latest messages", function () {
  this.timeout(60_000);
  let directory: string;
  let brokers: Brokers;
  let broker: Broker;

  before(async () => {
    directory = temporaryDirectory();
    brokers = await startBrokers("single", { dataDirectory: directory, log: () => {} });
    const servers = brokers.nodes.map(({ url }) => url);
    const log = createLog("test", "silent");
    broker = connectBroker({ servers, namespace: "ahead", replicas: 1, name: "test", log });
    await eventually(async () => assert.ok(broker.connected()));
  });

  after(async () => {
    await broker?.close();
    await brokers?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function publish(count: number): Promise<void> {
    await broker.ensureStream(FACT);
    for (let number = 0; number < count; number += 1) {
      await broker.publish({ fact: FACT, headers: {}, body: Buffer.from("x") });
    }
  }

  /** Acknowledges what is delivered, and returns how much that is. */
  async function handled(): Promise<number> {
    const consumer = await broker.ensureConsumer(FACT, DURABLE);
    let count = 0;
    for await (const message of await consumer.fetch({ max_messages: 50, expires: FETCH_MS })) {
      await message.ackAck();
      count += 1;
    }
    return count;
  }

  it("delivers the messages published after the loss", async () => {
    const [node] = brokers.nodes;
    const messages = join(node?.storeDirectory ?? "", "jetstream/$G/streams/AHEAD_ORDER/msgs");
    const earlier = join(directory, "earlier");
    await publish(5);
    assert.equal(await handled(), 5);
    await node?.stop();
    cpSync(messages, earlier, { recursive: true });
    await node?.start();
    await eventually(() => publish(20));
    assert.ok((await handled()) >= 20);
    await pause(500);
    await node?.stop();
    // After a power cut: the position of the consumer is on disk, the messages are not.
    rmSync(messages, { recursive: true });
    cpSync(earlier, messages, { recursive: true });
    await node?.start();
    await eventually(() => publish(3));
    let count = 0;
    await eventually(async () => {
      count += await handled();
      assert.ok(count >= 3);
    });
  });
});
