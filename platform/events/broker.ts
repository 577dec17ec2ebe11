import {
  type Consumer,
  type JetStreamClient,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import {
  type ConnectionOptions,
  connect,
  headers,
  type NatsConnection,
} from "@nats-io/transport-node";
import { failpoint } from "../settings/failpoint.ts";
import type { Log } from "../telemetry/log.ts";
import type { Inability } from "../values/inability.ts";
import { Outage } from "../values/refusal.ts";
import { createAbility } from "./ability.ts";
import { ensureConsumer, ensureStream, subjectOf } from "./streams.ts";

export type Broker = {
  /** The subject of a fact such as "order.v1.cancelled". */
  subject(fact: string): string;
  /** Stores one message in the stream. Throws an Outage if the stream does not confirm it. */
  publish(message: {
    fact: string;
    headers: Record<string, string>;
    body: Uint8Array;
  }): Promise<void>;
  /** Creates the stream of the fact if it is missing. */
  ensureStream(fact: string): Promise<void>;
  /** The durable consumer of one fact, created with its stream if it is missing. */
  ensureConsumer(fact: string, durable: string): Promise<Consumer>;
  connected(): boolean;
  /**
   * Why it cannot store or deliver events now, with the remedy; undefined if it can. Asks the
   * server and never rejects.
   */
  check(): Promise<Inability | undefined>;
  close(): Promise<void>;
};

const PUBLISH_TIMEOUT_MS = 5_000;
const CHECK_TIMEOUT_MS = 2_000;
const NOT_CONNECTED: Inability = {
  cause: "not_connected",
  reason:
    "the broker is not connected; start it, or correct address, user and password in SHOP_NATS_URL",
};
/** Two unanswered pings end the connection, for a server that is frozen. */
const PING_INTERVAL_MS = 5_000;
const RECONNECT_PAUSE_MS = 250;

/**
 * Connects in the background and reconnects for ever, so that a service starts and works while the
 * broker is away. Until then, `connected` is false and everything else throws an Outage.
 */
export function connectBroker(options: {
  /** nats:// or tls:// addresses. The first one names user and password, or a token, for all. */
  servers: readonly string[];
  namespace: string;
  /** Copies of each stream, in a cluster. */
  replicas: number;
  name: string;
  log: Log;
}): Broker {
  const { namespace, replicas, log } = options;
  const link = keepConnected(options);
  let streaming: JetStreamClient | undefined;
  const js = () => {
    streaming ??= jetstream(link.live(), { timeout: PUBLISH_TIMEOUT_MS });
    return streaming;
  };
  const manager = (timeout = PUBLISH_TIMEOUT_MS) =>
    jetstreamManager(link.live(), { checkAPI: false, timeout });
  const ability = createAbility();
  return {
    subject: (fact) => subjectOf(namespace, fact),
    async ensureStream(fact) {
      const managed = await manager();
      await ability.watch("stream", () => ensureStream(managed, fact, { namespace, replicas }));
    },
    async publish({ fact, headers: entries, body }) {
      const head = headers();
      for (const [key, value] of Object.entries(entries)) head.set(key, value);
      await failpoint(`publish.before:${fact}`);
      try {
        const timeout = PUBLISH_TIMEOUT_MS;
        const subject = subjectOf(namespace, fact);
        const client = js();
        await ability.watch("publish", () =>
          client.publish(subject, body, { headers: head, timeout }),
        );
      } catch (error) {
        throw new Outage(`the broker did not confirm ${fact}`, { cause: error });
      }
      await failpoint(`publish.after:${fact}`);
    },
    async ensureConsumer(fact, durable) {
      const managed = await manager();
      const client = js();
      return ability.watch("consumer", async () => {
        await ensureStream(managed, fact, { namespace, replicas });
        return ensureConsumer({ js: client, manager: managed, log }, { namespace, fact, durable });
      });
    },
    connected: link.connected,
    check: async () =>
      link.connected() ? ability.check(() => manager(CHECK_TIMEOUT_MS)) : NOT_CONNECTED,
    close: link.close,
  };
}

/** A connection that is opened in the background and followed in the log. */
function keepConnected(options: Parameters<typeof connectBroker>[0]) {
  const { namespace, log } = options;
  let connection: NatsConnection | undefined;
  let up = false;
  let closed = false;
  const follow = async (established: NatsConnection) => {
    up = true;
    log.info({ server: established.getServer() }, "connected to the broker");
    for await (const { type } of established.status()) {
      if (type !== "disconnect" && type !== "reconnect") continue;
      up = type === "reconnect";
      if (up) log.info("reconnected to the broker");
      else log.warn("disconnected from the broker");
    }
  };
  connect({
    ...connectionOptions(options.servers),
    name: `${namespace}-${options.name}`,
    maxReconnectAttempts: -1,
    waitOnFirstConnect: true,
    reconnectTimeWait: RECONNECT_PAUSE_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: 2,
    ignoreAuthErrorAbort: true,
    // A stack trace for every publish costs more than the publish.
    noAsyncTraces: true,
    inboxPrefix: `_INBOX.${namespace}`,
  }).then(
    (established) => {
      connection = established;
      if (closed) return established.close();
      void follow(established);
    },
    (error) => log.error({ err: error }, "cannot connect to the broker"),
  );
  return {
    live(): NatsConnection {
      if (!connection || connection.isClosed()) throw new Outage("the broker is not connected");
      return connection;
    },
    connected: () => connection !== undefined && !connection.isClosed() && up,
    async close() {
      closed = true;
      await connection?.drain().catch(() => connection?.close());
    },
  };
}

/** Addresses, encryption and login of SHOP_NATS_URL, whose first server names the login. */
export function connectionOptions(servers: readonly string[]): ConnectionOptions {
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
