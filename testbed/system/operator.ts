import { setTimeout as pause } from "node:timers/promises";
import {
  AckPolicy,
  DeliverPolicy,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import {
  connect,
  headers,
  type MsgHdrs,
  type NatsConnection,
  nanos,
} from "@nats-io/transport-node";
import type { Engine } from "./engines.ts";
import { insist } from "./insist.ts";
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

const AGAIN_AFTER_MS = 500;

/**
 * Opens the system's broker for the time of `work`. Another fault may be at work at the same time: what fails is done
 * again from its beginning, for a bounded time.
 */
export async function asOperator<T>(
  { brokers }: Pick<System, "brokers">,
  work: (operator: Operator) => Promise<T>,
): Promise<T> {
  return insist(async () => {
    const operator = await openBroker(brokers.nodes);
    try {
      return await work(operator);
    } finally {
      await operator.close();
    }
  });
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

const MOVES_AT_MOST = 30;

/** Of a cluster: has the stream led by this node, where the nodes come to that in so many elections. */
export async function moveLeader(operator: Operator, stream: string, node: string): Promise<void> {
  for (let moves = 0; moves < MOVES_AT_MOST; moves += 1) {
    if ((await leaderOf(operator, stream)) === node) return;
    await operator.connection
      .request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, undefined, { timeout: WITHIN_MS })
      .catch(() => {});
    await pause(AGAIN_AFTER_MS);
  }
}

export async function leaderOf({ manager }: Operator, stream: string): Promise<string> {
  const { cluster } = await manager.streams.info(stream);
  if (!cluster?.leader) throw new Error(`${stream} has no leader`);
  return cluster.leader;
}

const AT_ONCE = 500;
const FETCH_MS = 2_000;

/** Everything that a stream holds, in its order. */
export async function messagesOf(
  { manager, connection }: Operator,
  stream: string,
): Promise<Stored[]> {
  const reader = await manager.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.All,
    inactive_threshold: nanos(WITHIN_MS),
  });
  const found: Stored[] = [];
  try {
    const consumer = jetstream(connection).consumers.getConsumerFromInfo(reader);
    while (found.length < reader.num_pending) {
      const fetched = await consumer.fetch({ max_messages: AT_ONCE, expires: FETCH_MS });
      const had = found.length;
      for await (const message of fetched) found.push(storedOf(stream, message));
      if (found.length === had) throw new Error(`${stream} has more than it hands out`);
    }
  } finally {
    // It would stay for a while, and count as somebody who has not had everything.
    await manager.consumers.delete(stream, reader.name);
  }
  return found;
}

function storedOf(stream: string, message: JsMsg): Stored {
  const { seq: sequence, subject, data: payload } = message;
  const entries = [...(message.headers ?? [])].map(([name, values]) => [name, values.join(",")]);
  return { stream, sequence, subject, headers: Object.fromEntries(entries), payload };
}

const counted = new WeakMap<object, Set<string>>();

export type BrokerLoss = { acknowledged: number; lost: number };

/**
 * What the broker lost since this was asked last: events that it had acknowledged (the outbox counts only those), and
 * that are not in its streams any more.
 */
export async function lostByTheBroker(system: System): Promise<BrokerLoss> {
  // The outbox first: what is acknowledged after this look is not looked for.
  const acknowledged = await insist(async () => [
    ...(await acknowledgedEvents(system, "order")),
    ...(await acknowledgedEvents(system, "pay")),
  ]);
  const held = await asOperator(system, async (operator) => {
    const streams = await shopStreams(system, operator);
    const messages: Stored[] = [];
    for (const stream of streams) messages.push(...(await messagesOf(operator, stream)));
    return new Set(messages.map(({ stream, headers: { "Nats-Msg-Id": id } }) => `${stream} ${id}`));
  });
  const known = counted.get(system) ?? new Set();
  counted.set(system, known);
  const lost = acknowledged.filter((key) => !held.has(key) && !known.has(key));
  for (const key of lost) known.add(key);
  return { acknowledged: acknowledged.length, lost: lost.length };
}

async function acknowledgedEvents({ namespace, sql }: System, service: "order" | "pay") {
  const rows = await sql<{ event_id: bigint }>(
    service,
    "select event_id from outbox where publishes > 0",
  );
  return rows.map((row) => `${namespace}_${service}`.toUpperCase().concat(` ${row.event_id}`));
}

export async function tellLoss(system: System, tell: (line: string) => void): Promise<void> {
  const { acknowledged, lost } = await lostByTheBroker(system);
  tell(`the broker lost ${lost} more of ${acknowledged} events that it had acknowledged`);
}
