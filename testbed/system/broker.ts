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
import type { Engine } from "./engine.ts";

/** A message as the stream stores it. */
export type Stored = {
  stream: string;
  sequence: number;
  subject: string;
  headers: Record<string, string>;
  payload: Uint8Array;
};

/** A connection of an operator, past all proxies. */
export type Operator = {
  connection: NatsConnection;
  manager: JetStreamManager;
  /** Publishes a message with these headers; resolves when the stream has stored it. */
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
const MOVES_AT_MOST = 30;

/**
 * Makes this node of a cluster the leader of a stream, as far as a bounded number of elections
 * achieves it.
 */
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

/** Everything that a stream holds, in order. */
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
      if (found.length === had)
        throw new Error(`${stream} delivers ${found.length} of ${reader.num_pending} messages`);
    }
  } finally {
    // A remaining consumer would count as one with pending messages.
    await manager.consumers.delete(stream, reader.name);
  }
  return found;
}

function storedOf(stream: string, message: JsMsg): Stored {
  const { seq: sequence, subject, data: payload } = message;
  const entries = [...(message.headers ?? [])].map(([name, values]) => [name, values.join(",")]);
  return { stream, sequence, subject, headers: Object.fromEntries(entries), payload };
}
