import { setTimeout as pause } from "node:timers/promises";
import { type Broker, connectBroker } from "#platform/events/broker.ts";
import { restartedHeaders } from "#platform/events/messages.ts";
import { createLog } from "#platform/telemetry/log.ts";
import { CommandError } from "../command/command.ts";
import type { ParkedMessage, ParkedMessages } from "./messages.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const POLL_MS = 50;

/** Connects to the broker; throws a CommandError where it does not answer in time. */
export async function connectedBroker(settings: {
  servers: string[];
  namespace: string;
  replicas: number;
}): Promise<Broker> {
  const broker = connectBroker({ ...settings, name: "parked", log: createLog("parked", "silent") });
  const deadlineMs = Date.now() + CONNECT_TIMEOUT_MS;
  while (!broker.connected()) {
    if (Date.now() > deadlineMs) {
      await broker.close();
      throw new CommandError(
        `the broker did not answer within ${CONNECT_TIMEOUT_MS / 1_000} s; check SHOP_NATS_URL`,
      );
    }
    await pause(POLL_MS);
  }
  return broker;
}

/**
 * Publishes a parked message again. Its row is marked first, so that the service counts attempts
 * from 0. Every consumer of the subject receives it; those that handled the event before ignore it.
 */
export async function redeliver(
  message: ParkedMessage,
  parts: { messages: ParkedMessages; broker: Broker; namespace: string },
): Promise<void> {
  const { messages, broker, namespace } = parts;
  if (!message.subject.startsWith(`${namespace}.`)) {
    throw new CommandError(`subject ${message.subject} is outside of the namespace ${namespace}`);
  }
  const fact = message.subject.slice(namespace.length + 1);
  await messages.markRetrying(message);
  try {
    await broker.ensureStream(fact);
    await broker.publish({ fact, headers: restartedHeaders(message), body: message.payload });
  } catch (error) {
    await messages.markParked(message);
    throw error;
  }
}
