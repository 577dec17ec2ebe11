import { randomUUID } from "node:crypto";
import pMap from "p-map";
import { messagesOf, type Operator, openBroker, type Stored } from "./broker.ts";
import { retryThroughFaults } from "./retry.ts";
import type { System } from "./system.ts";

/**
 * Runs `work` with a connection to the system's broker. Another fault may be active: a failure
 * repeats all of `work`, for a bounded time.
 */
export async function asOperator<T>(
  { brokers }: Pick<System, "brokers">,
  work: (operator: Operator) => Promise<T>,
): Promise<T> {
  return retryThroughFaults(async () => {
    const operator = await openBroker(brokers.nodes);
    try {
      return await work(operator);
    } finally {
      await operator.close();
    }
  });
}

/** The names of the shop's streams, such as "FAULT_ORDER". */
export async function shopStreams(
  { namespace }: Pick<System, "namespace">,
  { manager }: Operator,
): Promise<string[]> {
  const names: string[] = [];
  for await (const name of manager.streams.names()) {
    if (name.startsWith(`${namespace.toUpperCase()}_`)) names.push(name);
  }
  return names.sort();
}

/** Everything that the shop's streams hold, stream by stream, in order. */
export async function allMessages(
  system: Pick<System, "brokers" | "namespace">,
): Promise<Stored[]> {
  return asOperator(system, async (operator) => {
    const found: Stored[] = [];
    for (const stream of await shopStreams(system, operator)) {
      found.push(...(await messagesOf(operator, stream)));
    }
    return found;
  });
}

const PUBLISHED_AT_ONCE = 32;

/** Publishes messages again under new message ids, so that the streams take them for new ones. */
export async function publishAgain(
  system: Pick<System, "brokers">,
  messages: readonly Stored[],
): Promise<void> {
  await asOperator(system, (operator) =>
    pMap(messages, (message) => operator.publish(renamed(message)), {
      concurrency: PUBLISHED_AT_ONCE,
    }),
  );
}

function renamed({ subject, headers, payload }: Stored): Omit<Stored, "stream" | "sequence"> {
  const eventId = headers["Shop-Event-Id"] ?? "";
  // The broker's own headers, such as the expected sequence, belong to the first publication.
  const own = Object.entries(headers).filter(([name]) => !/^nats-/i.test(name));
  const id = `${eventId}.${randomUUID()}`;
  return { subject, headers: { ...Object.fromEntries(own), "Nats-Msg-Id": id }, payload };
}

const counted = new WeakMap<object, Set<string>>();

type BrokerLoss = { acknowledged: number; lost: number };

/**
 * Counts what the broker lost since the last call: events that it acknowledged, which the outbox
 * counts, and that are in no stream any more.
 */
async function lostByTheBroker(system: System): Promise<BrokerLoss> {
  // Read before the streams: an event that is acknowledged in between must not count as lost.
  const acknowledged = await retryThroughFaults(async () => [
    ...(await acknowledgedEvents(system, "order")),
    ...(await acknowledgedEvents(system, "pay")),
  ]);
  const messages = await allMessages(system);
  const held = new Set(
    messages.map(({ stream, headers: { "Nats-Msg-Id": id } }) => `${stream} ${id}`),
  );
  const known = counted.get(system) ?? new Set();
  counted.set(system, known);
  const lost = acknowledged.filter((key) => !held.has(key) && !known.has(key));
  for (const key of lost) known.add(key);
  return { acknowledged: acknowledged.length, lost: lost.length };
}

async function acknowledgedEvents({ namespace, sql }: System, service: "order" | "pay") {
  const rows = await sql<{ eventId: bigint }>(
    service,
    "select event_id as eventId from outbox where publishes > 0",
  );
  return rows.map((row) => `${namespace}_${service}`.toUpperCase().concat(` ${row.eventId}`));
}

export async function logLoss(system: System, log: (line: string) => void): Promise<void> {
  const { acknowledged, lost } = await lostByTheBroker(system);
  log(`the broker lost ${lost} more of ${acknowledged} events that it had acknowledged`);
}
