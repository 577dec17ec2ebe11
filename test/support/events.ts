import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { connectBroker } from "#platform/events/broker.ts";
import { silent } from "./database.ts";
import { eventually } from "./eventually.ts";

export type HandEvents = {
  /** Publishes an event as a relay would, under a Nats-Msg-Id of its own; returns its id. */
  publish<S extends DescMessage>(
    fact: string,
    schema: S,
    event: { message: MessageInitShape<S>; eventId?: bigint },
  ): Promise<bigint>;
  close(): Promise<void>;
};

/** An event id that no service makes. */
export function newEventId(): bigint {
  return randomBytes(8).readBigUInt64BE() >> 1n;
}

/** Publishes by hand, into the streams of a shop. */
export async function handEvents(namespace: string): Promise<HandEvents> {
  const servers = (process.env.SHOP_NATS_URL ?? "").split(",");
  const broker = connectBroker({ servers, namespace, replicas: 1, name: "test", log: silent });
  await eventually(() => assert.ok(broker.connected()));
  const streams = new Map<string, Promise<void>>();
  return {
    async publish(fact, schema, { message, eventId = newEventId() }) {
      const stream = fact.slice(0, fact.indexOf("."));
      const ready = streams.get(stream) ?? broker.ensureStream(fact);
      streams.set(stream, ready);
      await ready;
      await broker.publish({
        fact,
        headers: {
          // A new one each time, so that the stream keeps what it would else know for a repetition.
          "Nats-Msg-Id": `${eventId}.${newEventId()}`,
          "Shop-Event-Id": String(eventId),
          "Shop-Event-Type": schema.typeName,
        },
        body: toBinary(schema, create(schema, message)),
      });
      return eventId;
    },
    close: () => broker.close(),
  };
}
