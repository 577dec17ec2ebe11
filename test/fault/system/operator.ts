import { type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, headers, type MsgHdrs, type NatsConnection } from "@nats-io/transport-node";
import type { Engine } from "./engines.ts";
import type { System } from "./system.ts";

/** A message as the stream has it. */
export type Stored = {
  stream: string;
  sequence: number;
  subject: string;
  headers: Record<string, string>;
  payload: Uint8Array;
};

/** A person with the broker's password, past all proxies. */
export type Operator = {
  connection: NatsConnection;
  manager: JetStreamManager;
  /** Publishes as it stands, headers and all; resolves when the stream has it. */
  publish(message: Pick<Stored, "subject" | "headers" | "payload">): Promise<void>;
  close(): Promise<void>;
};

const WITHIN_MS = 5_000;

export async function openBroker(nodes: readonly Engine[]): Promise<Operator> {
  const urls = nodes.map(({ url }) => new URL(url));
  const connection = await connect({
    servers: urls.map(({ host }) => host),
    user: urls[0]?.username,
    pass: urls[0]?.password,
    timeout: WITHIN_MS,
    maxReconnectAttempts: -1,
    pingInterval: WITHIN_MS,
  });
  const timeout = WITHIN_MS;
  const client = jetstream(connection, { timeout });
  return {
    connection,
    manager: await jetstreamManager(connection, { checkAPI: false, timeout }),
    async publish({ subject, headers: entries, payload }) {
      await client.publish(subject, payload, { headers: headersOf(entries), timeout });
    },
    close: () => connection.close(),
  };
}

function headersOf(entries: Record<string, string>): MsgHdrs {
  const head = headers();
  for (const [name, value] of Object.entries(entries)) head.set(name, value);
  return head;
}

/** Opens the system's broker for the time of `work`. */
export async function asOperator<T>(
  { brokers }: Pick<System, "brokers">,
  work: (operator: Operator) => Promise<T>,
): Promise<T> {
  const operator = await openBroker(brokers.nodes);
  try {
    return await work(operator);
  } finally {
    await operator.close();
  }
}

/** The shop's streams that are there, such as "FAULT_ORDER". */
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

/** Everything that a stream holds, in its order. */
export async function messagesOf(
  { manager, connection }: Operator,
  stream: string,
): Promise<Stored[]> {
  const { state } = await manager.streams.info(stream);
  const found: Stored[] = [];
  if (state.messages === 0) return found;
  // An ordered consumer: it begins again by itself where it misses something.
  const consumer = await jetstream(connection).consumers.get(stream);
  const messages = await consumer.consume({ max_messages: 500 });
  for await (const message of messages) {
    const { seq: sequence, subject, data: payload } = message;
    const entries = [...(message.headers ?? [])].map(([name, values]) => [name, values.join(",")]);
    found.push({ stream, sequence, subject, headers: Object.fromEntries(entries), payload });
    if (message.info.pending === 0) break;
  }
  return found;
}

const counted = new WeakMap<object, Set<string>>();

export type BrokerLoss = { acknowledged: number; lost: number; again: number };

/**
 * What the broker lost since this was asked last: events that it had acknowledged (the outbox counts only those), and
 * that are not in its streams any more; `again` of them were published again, because a consumer missed them.
 */
export async function lostByTheBroker(system: System): Promise<BrokerLoss> {
  // The outbox first: what is acknowledged after this look is not looked for.
  const acknowledged = [...(await acknowledgedEvents(system, "order"))];
  acknowledged.push(...(await acknowledgedEvents(system, "pay")));
  const held = await asOperator(system, async (operator) => {
    const streams = await shopStreams(system, operator);
    const messages: Stored[] = [];
    for (const stream of streams) messages.push(...(await messagesOf(operator, stream)));
    return new Set(messages.map(({ stream, headers: { "Nats-Msg-Id": id } }) => `${stream} ${id}`));
  });
  const known = counted.get(system) ?? new Set();
  counted.set(system, known);
  const lost = acknowledged.filter(({ key }) => !held.has(key) && !known.has(key));
  for (const { key } of lost) known.add(key);
  const again = lost.filter(({ publishes }) => publishes > 1).length;
  return { acknowledged: acknowledged.length, lost: lost.length, again };
}

async function acknowledgedEvents({ namespace, sql }: System, service: "order" | "pay") {
  const rows = await sql<{ event_id: bigint; publishes: number }>(
    service,
    "select event_id, publishes from outbox where publishes > 0",
  );
  const stream = `${namespace}_${service}`.toUpperCase();
  return rows.map((row) => ({
    key: `${stream} ${row.event_id}`,
    publishes: row.publishes,
  }));
}

/** For the log: "the broker lost 12 of 340 acknowledged events, 3 were published again". */
export async function tellLoss(system: System, log: (line: string) => void): Promise<BrokerLoss> {
  const loss = await lostByTheBroker(system);
  const { acknowledged, lost, again } = loss;
  log(
    `of ${acknowledged} events that the broker acknowledged it has lost ${lost} more, ${again} of them were needed again`,
  );
  return loss;
}
