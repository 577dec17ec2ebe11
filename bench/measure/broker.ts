import { jetstreamManager } from "@nats-io/jetstream";
import { connectToBroker } from "../../testbed/shop/streams.ts";

/** Messages stored so far, and messages that a consumer has not received or not acknowledged. */
type BrokerCounts = { stored: number; pending: number };

type BrokerMeter = { counts(): Promise<BrokerCounts>; close(): Promise<void> };

export async function brokerMeter(url: string): Promise<BrokerMeter> {
  const connection = await connectToBroker(url);
  const manager = await jetstreamManager(connection);
  return {
    async counts() {
      const counts = { stored: 0, pending: 0 };
      for await (const { config, state } of manager.streams.list()) {
        counts.stored += state.last_seq;
        for await (const consumer of manager.consumers.list(config.name)) {
          counts.pending += consumer.num_pending + consumer.num_ack_pending;
        }
      }
      return counts;
    },
    close: () => connection.close(),
  };
}
