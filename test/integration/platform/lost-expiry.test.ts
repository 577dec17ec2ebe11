import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { pino } from "pino";
import { type Broker, connectBroker } from "#platform/events/broker.ts";
import { startConsumers } from "#platform/events/consumers.ts";
import { OrderCancelledSchema } from "#proto/shop/event/v1/event_pb.ts";
import { temporaryDirectory } from "../../../testbed/engines/directories.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { type EdgeProxy, startProxy } from "../../../testbed/proxy/proxy.ts";
import { openTestDatabase, type TestDatabase } from "../../../testbed/shop/database.ts";
import type { Brokers } from "../../../testbed/system/engine.ts";
import { startBrokers } from "../../../testbed/system/engines.ts";

const FACT = "order.v1.cancelled";

describe("a consumer whose broker sends no status when a pull expires", function () {
  this.timeout(60_000);
  const warnings: string[] = [];
  const log = pino({ level: "warn" }, { write: (line) => warnings.push(line) });
  let directory: string;
  let brokers: Brokers;
  let proxy: EdgeProxy;
  let broker: Broker;
  let database: TestDatabase;

  before(async () => {
    directory = temporaryDirectory();
    brokers = await startBrokers("single", { dataDirectory: directory, log: () => {} });
    const url = new URL(brokers.nodes[0]?.url ?? "");
    proxy = await startProxy({ from: "goods", to: "broker", port: Number(url.port) });
    url.host = proxy.address;
    const servers = [url.href];
    broker = connectBroker({ servers, namespace: "expiry", replicas: 1, name: "test", log });
    await eventually(async () => assert.ok(broker.connected()));
    database = await openTestDatabase();
  });

  after(async () => {
    await broker?.close();
    await proxy?.stop();
    await brokers?.stop();
    await database?.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("pulls again before it misses heartbeats, and handles every message", async () => {
    let lost = 0;
    proxy.filter(({ way, bytes }) => {
      if (way === "request" || !bytes.includes("NATS/1.0 408")) return "pass";
      lost += 1;
      return "lose";
    });
    const handled: bigint[] = [];
    const consumers = startConsumers({
      database,
      broker,
      log,
      service: "goods",
      subscriptions: [
        {
          fact: FACT,
          schema: OrderCancelledSchema,
          handle: async (deliveries) => {
            handled.push(...deliveries.map(({ eventId }) => eventId));
          },
        },
      ],
    });
    try {
      for (const eventId of [1n, 2n]) {
        await eventually(() => assert.ok(lost >= eventId));
        const headers = {
          "Nats-Msg-Id": String(eventId),
          "Shop-Event-Id": String(eventId),
          "Shop-Event-Type": OrderCancelledSchema.typeName,
        };
        await broker.publish({ fact: FACT, headers, body: new Uint8Array() });
        await eventually(() => assert.ok(handled.includes(eventId)));
      }
    } finally {
      await consumers.stop();
    }
    assert.deepEqual(handled, [1n, 2n]);
    assert.deepEqual(warnings, []);
  });
});
