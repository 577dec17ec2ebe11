import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";

/** Connects to the suite's broker, unless `url` names another. The caller closes the connection. */
export async function connectToBroker(
  url = process.env.SHOP_NATS_URL ?? "",
): Promise<NatsConnection> {
  const { host, username, password } = new URL(url);
  return connect({
    servers: host,
    user: username === "" ? undefined : decodeURIComponent(username),
    pass: password === "" ? undefined : decodeURIComponent(password),
    timeout: 5_000,
  });
}

/** Deletes the streams `<NAMESPACE>_*` and their consumers. */
export async function deleteStreams(namespace: string, url?: string): Promise<void> {
  const connection = await connectToBroker(url);
  try {
    const manager = await jetstreamManager(connection);
    const names: string[] = [];
    for await (const name of manager.streams.names()) names.push(name);
    for (const name of names) {
      if (name.startsWith(`${namespace.toUpperCase()}_`)) await manager.streams.delete(name);
    }
  } finally {
    await connection.close();
  }
}
