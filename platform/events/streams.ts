import {
  AckPolicy,
  type Consumer,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import type { Log } from "../telemetry/log.ts";

/** The stream keeps a message this long. The outbox keeps an event until it is handled. */
const MAX_AGE_MS = 7 * 24 * 3_600_000;
const DUPLICATE_WINDOW_MS = 120_000;
/** A message that is not acknowledged within this is delivered again, to any replica. */
const ACK_WAIT_MS = 30_000;
const MAX_ACK_PENDING = 2_000;
/** How far back a consumer starts that is created again after its stream lost messages. */
const REPLAY_AFTER_LOSS_MS = 300_000;

/**
 * Creates the stream of the fact's publisher, `<NAMESPACE>_<PUBLISHER>`, if it is missing. It keeps
 * messages by age and not by interest, so that a consumer may be created later than its messages.
 */
export async function ensureStream(
  manager: JetStreamManager,
  fact: string,
  { namespace, replicas }: { namespace: string; replicas: number },
): Promise<void> {
  const name = streamOf(namespace, fact);
  await manager.streams.info(name).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
    return manager.streams.add({
      name,
      subjects: [`${namespace}.${publisherOf(fact)}.>`],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: DiscardPolicy.New,
      num_replicas: replicas,
      max_age: nanos(MAX_AGE_MS),
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    });
  });
}

/**
 * The durable consumer of one fact. It is created if it is missing, and created again if it is
 * ahead of its stream: after the stream lost messages, the broker would deliver nothing to the
 * consumer until as many have been published again.
 */
export async function ensureConsumer(
  { js, manager, log }: { js: JetStreamClient; manager: JetStreamManager; log: Log },
  { namespace, fact, durable }: { namespace: string; fact: string; durable: string },
): Promise<Consumer> {
  const { consumers, streams } = manager;
  const stream = streamOf(namespace, fact);
  const settings = {
    durable_name: durable,
    filter_subject: subjectOf(namespace, fact),
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ACK_WAIT_MS),
    max_deliver: -1,
    max_ack_pending: MAX_ACK_PENDING,
  };
  const info = await consumers.info(stream, durable).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
    return consumers.add(stream, settings);
  });
  // Read after the consumer, so that a message published in between does not look like a loss.
  const { state } = await streams.info(stream);
  const aheadBy = info.delivered.stream_seq - state.last_seq;
  if (aheadBy <= 0) return js.consumers.getConsumerFromInfo(info);
  log.warn({ consumer: durable, aheadBy }, "the stream lost messages, creating its consumer again");
  await consumers.delete(stream, durable);
  // Older messages that were not handled come again from the outbox.
  const since = new Date(Date.now() - REPLAY_AFTER_LOSS_MS).toISOString();
  const replay = { deliver_policy: DeliverPolicy.StartTime, opt_start_time: since };
  const created = await consumers.add(stream, { ...settings, ...replay });
  return js.consumers.getConsumerFromInfo(created);
}

export function subjectOf(namespace: string, fact: string): string {
  return `${namespace}.${fact}`;
}

function streamOf(namespace: string, fact: string): string {
  return `${namespace}_${publisherOf(fact)}`.toUpperCase().replaceAll("-", "_");
}

function publisherOf(fact: string): string {
  return fact.slice(0, fact.indexOf("."));
}

/** Whether the stream or consumer does not exist. */
function isMissing(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.status === 404;
}
