import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type Broker, connectBroker } from "#platform/events/broker.ts";
import { RESTARTED_HEADER } from "#platform/events/consumers.ts";
import { createLog } from "#platform/telemetry/log.ts";
import type { ParkedMessage, ParkedMessages } from "./messages.ts";

const connectWithinMs = 10_000;
const pauseMs = 50;

/** A broker that can be published to now; throws where it does not answer in time. */
export async function connectedBroker(settings: {
  servers: string[];
  namespace: string;
  replicas: number;
}): Promise<Broker> {
  const broker = connectBroker({ ...settings, name: "parked", log: createLog("parked", "silent") });
  const deadline = Date.now() + connectWithinMs;
  while (!broker.connected()) {
    if (Date.now() > deadline) {
      await broker.close();
      throw new Error(`SHOP_NATS_URL: the broker did not answer in ${connectWithinMs / 1_000} s`);
    }
    await pause(pauseMs);
  }
  return broker;
}

/**
 * Starts a parked message again: its row says so first, so that the service begins to count anew, then it is published
 * as it was. Every consumer of its subject gets it; those that have had its effect know the event id and do nothing.
 */
export async function restart(
  message: ParkedMessage,
  parts: { messages: ParkedMessages; broker: Broker; namespace: string },
): Promise<void> {
  const { messages, broker, namespace } = parts;
  if (!message.subject.startsWith(`${namespace}.`)) {
    throw new Error(`${message.subject} is no subject of the namespace ${namespace}`);
  }
  const fact = message.subject.slice(namespace.length + 1);
  await messages.markRetrying(message);
  try {
    await broker.ensureStream(fact);
    await broker.publish({ fact, headers: headersOf(message), body: message.payload });
  } catch (error) {
    await messages.markParked(message);
    throw error;
  }
}

function headersOf({ headers, key, eventId }: ParkedMessage): Record<string, string> {
  // The broker's own headers are orders to the stream that the message was for: the id that it would take for a
  // repetition, or the sequence it must have.
  const own = Object.entries(headers).filter(([name]) => !/^nats-/i.test(name));
  return {
    ...Object.fromEntries(own),
    ...(eventId !== null && { "Shop-Event-Id": eventId }),
    "Nats-Msg-Id": `${key}.${randomUUID()}`,
    [RESTARTED_HEADER]: key,
  };
}
