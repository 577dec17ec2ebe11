import {
  AckPolicy,
  type Consumer,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamClient,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import {
  type ConnectionOptions,
  connect,
  headers,
  type NatsConnection,
  nanos,
} from "@nats-io/transport-node";
import { failpoint } from "../settings/failpoint.ts";
import type { Log } from "../telemetry/log.ts";
import { Outage } from "../values/refusal.ts";

export type Broker = {
  /** Subject of a fact such as "order.v1.cancelled". */
  subject(fact: string): string;
  /** Stores one message in its stream. Rejects with an Outage where the stream did not say that it has it. */
  publish(message: {
    fact: string;
    headers: Record<string, string>;
    body: Uint8Array;
  }): Promise<void>;
  /** Creates the fact's stream where it is missing. */
  ensureStream(fact: string): Promise<void>;
  /**
   * The durable consumer of one fact, created with its stream where it is missing, and created anew where it is further
   * than its stream: after a loss the broker would hand out nothing to it until as much is published again.
   */
  ensureConsumer(fact: string, durable: string): Promise<Consumer>;
  connected(): boolean;
  close(): Promise<void>;
};

const PUBLISH_TIMEOUT_MS = 5_000;
/** Two missed pings end a connection whose server is frozen. */
const PING_INTERVAL_MS = 5_000;
const RECONNECT_PAUSE_MS = 250;
/** The stream forgets after this; the outbox is what keeps an event until it is done. */
const MAX_AGE_MS = 7 * 24 * 3_600_000;
const DUPLICATE_WINDOW_MS = 120_000;
/** A message that is not settled by then is delivered again, to any replica. */
export const ACK_WAIT_MS = 30_000;
const MAX_ACK_PENDING = 2_000;
const REPEATED_AFTER_LOSS_MS = 300_000;

/**
 * Connects in the background and for ever: a service starts and works while the broker is away. One stream for each
 * publishing service, `<NAMESPACE>_ORDER` with `<namespace>.order.>`; messages are kept by age, never by interest.
 */
export function connectBroker(options: {
  /** nats:// or tls:// addresses; user and password, or a token, are those of the first. */
  servers: readonly string[];
  namespace: string;
  replicas: number;
  name: string;
  log: Log;
}): Broker {
  const { namespace, log } = options;
  let connection: NatsConnection | undefined;
  let closed = false;
  const connecting = connect({
    ...serversOf(options.servers),
    name: `${namespace}-${options.name}`,
    maxReconnectAttempts: -1,
    waitOnFirstConnect: true,
    reconnectTimeWait: RECONNECT_PAUSE_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: 2,
    ignoreAuthErrorAbort: true,
    // A stack for every publish costs more than the publish.
    noAsyncTraces: true,
    inboxPrefix: `_INBOX.${namespace}`,
  }).then((established) => {
    connection = established;
    if (closed) return established.close();
    log.info({ server: established.getServer() }, "connected to the broker");
    void watch(established, log);
  });
  connecting.catch((error) => log.error({ err: error }, "the broker cannot be connected to"));

  const live = (): NatsConnection => {
    if (!connection || connection.isClosed()) throw new Outage("the broker is not connected");
    return connection;
  };
  let client: JetStreamClient | undefined;
  const js = () => {
    client ??= jetstream(live(), { timeout: PUBLISH_TIMEOUT_MS });
    return client;
  };
  const manager = () => jetstreamManager(live(), { checkAPI: false, timeout: PUBLISH_TIMEOUT_MS });
  const streamOf = (fact: string) =>
    `${namespace}_${fact.slice(0, fact.indexOf("."))}`.toUpperCase().replaceAll("-", "_");
  const subject = (fact: string) => `${namespace}.${fact}`;

  const ensureStream = async (fact: string) => {
    const { streams } = await manager();
    const name = streamOf(fact);
    await streams.info(name).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
      return streams.add({
        name,
        subjects: [`${namespace}.${fact.slice(0, fact.indexOf("."))}.>`],
        retention: RetentionPolicy.Limits,
        storage: StorageType.File,
        discard: DiscardPolicy.New,
        num_replicas: options.replicas,
        max_age: nanos(MAX_AGE_MS),
        duplicate_window: nanos(DUPLICATE_WINDOW_MS),
      });
    });
  };

  return {
    subject,
    ensureStream,
    async publish({ fact, headers: entries, body }) {
      const head = headers();
      for (const [key, value] of Object.entries(entries)) head.set(key, value);
      await failpoint(`publish.before:${fact}`);
      try {
        await js().publish(subject(fact), body, { headers: head, timeout: PUBLISH_TIMEOUT_MS });
      } catch (error) {
        throw new Outage(`the broker did not take ${fact}`, { cause: error });
      }
      await failpoint(`publish.after:${fact}`);
    },
    async ensureConsumer(fact, durable) {
      await ensureStream(fact);
      const { consumers, streams } = await manager();
      const stream = streamOf(fact);
      const settings = {
        durable_name: durable,
        filter_subject: subject(fact),
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(ACK_WAIT_MS),
        max_deliver: -1,
        max_ack_pending: MAX_ACK_PENDING,
      };
      const info = await consumers.info(stream, durable).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
        return consumers.add(stream, settings);
      });
      // Asked after the consumer: what is published in between must not look like a loss.
      const { state } = await streams.info(stream);
      const behind = info.delivered.stream_seq - state.last_seq;
      if (behind <= 0) return js().consumers.getConsumerFromInfo(info);
      log.warn(
        { consumer: durable, behind },
        "the stream lost messages, its consumer is made anew",
      );
      await consumers.delete(stream, durable);
      // What is older and was not handled comes again from the outbox.
      const since = new Date(Date.now() - REPEATED_AFTER_LOSS_MS).toISOString();
      const fromThen = { deliver_policy: DeliverPolicy.StartTime, opt_start_time: since };
      return js().consumers.getConsumerFromInfo(
        await consumers.add(stream, { ...settings, ...fromThen }),
      );
    },
    connected: () =>
      connection !== undefined && !connection.isClosed() && up.get(connection) !== false,
    async close() {
      closed = true;
      await connection?.drain().catch(() => connection?.close());
    },
  };
}

const up = new WeakMap<NatsConnection, boolean>();

async function watch(connection: NatsConnection, log: Log): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === "disconnect") {
      up.set(connection, false);
      log.warn("disconnected from the broker");
    } else if (status.type === "reconnect") {
      up.set(connection, true);
      log.info("reconnected to the broker");
    }
  }
}

function serversOf(servers: readonly string[]): ConnectionOptions {
  const urls = servers.map((server) => new URL(server));
  const [first] = urls;
  const name = decodeURIComponent(first?.username ?? "");
  const pass = decodeURIComponent(first?.password ?? "");
  return {
    servers: urls.map(({ host }) => host),
    ...(first?.protocol === "tls:" && { tls: {} }),
    ...(pass ? { user: name, pass } : name ? { token: name } : {}),
  };
}

/** Stream or consumer does not exist. */
function isMissing(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.status === 404;
}
