import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { connectionOptions } from "#platform/events/broker.ts";

/** Connects to the suite's broker, unless `url` names another. The caller closes the connection. */
export async function connectToBroker(
  url = process.env.SHOP_NATS_URL ?? "",
): Promise<NatsConnection> {
  return connect({ ...connectionOptions(url.split(",")), timeout: 5_000 });
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
