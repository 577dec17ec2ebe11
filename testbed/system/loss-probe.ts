import { setTimeout as pause } from "node:timers/promises";
import {
  DiscardPolicy,
  JetStreamApiError,
  jetstream,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { connect, headers } from "@nats-io/transport-node";
import { messagesOf, openBroker } from "./broker.ts";
import type { Brokers } from "./engine.ts";
import { retryThroughFaults } from "./retry.ts";

/**
 * Publishes to a stream of its own, configured as the shop's are, and counts what the broker
 * acknowledges and loses.
 */
export type LossProbe = {
  stream: string;
  /**
   * Stops publishing. Resolves to the number of acknowledged messages, and of those that are not in
   * the stream any more.
   */
  end(): Promise<{ acknowledged: number; lost: number }>;
};

/** Each probe has its own stream: a deleted stream must not count as a loss of the next probe. */
let probes = 0;
const PUBLISHERS_OF_A_NODE = 2;
const WITHIN_MS = 2_000;
const BETWEEN_MS = 4;

/**
 * Starts two publishers at each node. A message without an acknowledgement is published again under
 * the same id: as careful as a publisher can be that trusts acknowledgements.
 */
export async function startLossProbe({ nodes, replicas }: Brokers): Promise<LossProbe> {
  const operator = await openBroker(nodes);
  const { streams } = operator.manager;
  probes += 1;
  const stream = `PROBE_${probes}`;
  const subject = `probe.${probes}`;
  await retryThroughFaults(async () => {
    await streams.add({
      name: stream,
      subjects: [subject],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: DiscardPolicy.New,
      num_replicas: replicas,
    });
  });
  const acknowledged = new Set<string>();
  const ending = new AbortController();
  const publishers = nodes.flatMap((node) =>
    Array.from({ length: PUBLISHERS_OF_A_NODE }, (_, index) =>
      publish({
        url: node.url,
        subject,
        name: `${node.name}-${index}`,
        acknowledged,
        ending: ending.signal,
      }),
    ),
  );
  return {
    stream,
    async end() {
      ending.abort();
      await Promise.all(publishers);
      const held = await retryThroughFaults(() =>
        messagesOf(operator, stream).catch(nothingWhereGone),
      );
      await retryThroughFaults(() => streams.delete(stream).catch(nothingWhereGone));
      await operator.close();
      const ids = new Set(held.map((message) => message.headers["Nats-Msg-Id"]));
      const lost = [...acknowledged].filter((id) => !ids.has(id)).length;
      return { acknowledged: acknowledged.size, lost };
    },
  };
}

/** The whole stream may be lost. */
function nothingWhereGone(error: unknown): never[] {
  if (error instanceof JetStreamApiError && error.status === 404) return [];
  throw error;
}

async function publish(publisher: {
  url: string;
  subject: string;
  name: string;
  acknowledged: Set<string>;
  ending: AbortSignal;
}): Promise<void> {
  const { url, subject, name, acknowledged, ending } = publisher;
  const { host, username: user, password: pass } = new URL(url);
  const connection = await connect({
    servers: host,
    user,
    pass,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    pingInterval: WITHIN_MS,
    waitOnFirstConnect: true,
  });
  const client = jetstream(connection, { timeout: WITHIN_MS });
  for (let number = 1; !ending.aborted; number += 1) {
    const id = `${name}-${number}`;
    const head = headers();
    head.set("Nats-Msg-Id", id);
    while (!ending.aborted && !acknowledged.has(id)) {
      await client.publish(subject, id, { headers: head, timeout: WITHIN_MS }).then(
        () => acknowledged.add(id),
        () => pause(BETWEEN_MS),
      );
    }
    await pause(BETWEEN_MS);
  }
  await connection.close();
}
