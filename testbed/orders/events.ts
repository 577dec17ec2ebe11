import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { jetstream } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { createClient } from "#platform/rpc/clients.ts";
import { EVENTS } from "#proto/events.ts";
import { InboxService } from "#proto/shop/common/v1/inbox_pb.ts";
import { token } from "../calls/callers.ts";
import { eventually } from "../eventually.ts";
import type { Shop } from "../shop/shop.ts";
import { connectToBroker } from "../shop/streams.ts";
import { newId } from "./fixtures.ts";

const KINDS = { ...EVENTS.order, ...EVENTS.pay };

type Consumer = "goods" | "coupon" | "user";

export type EventsByHand = {
  /** Publishes bytes as the event of this id. The stream takes each publication for a new one. */
  publish(event: { fact: string; type: string; eventId: bigint; body: Uint8Array }): Promise<void>;
  /** Publishes an event, a new one unless it has an id already, and answers its id. */
  tell<F extends keyof typeof KINDS>(
    fact: F,
    message: MessageInitShape<(typeof KINDS)[F]["schema"]>,
    eventId?: bigint,
  ): Promise<bigint>;
  /** Resolves when these services have had the event. */
  had(eventId: bigint, consumers: readonly Consumer[]): Promise<void>;
  close(): Promise<void>;
};

/** Events as a publisher would repeat them, past every outbox. */
export async function eventsByHand(shop: Shop): Promise<EventsByHand> {
  const broker = await connectToBroker();
  const inboxes = (["goods", "coupon", "user"] as const).map((service) => {
    const target = { address: shop.addresses[service], tls: undefined, timeoutMs: 5_000 };
    const serviceToken = () => token("service", "order");
    return [service, createClient(InboxService, { ...target, serviceToken })] as const;
  });
  const publish: EventsByHand["publish"] = async ({ fact, type, eventId, body }) => {
    const head = headers();
    head.set("Nats-Msg-Id", `${eventId}.${newId()}`);
    head.set("Shop-Event-Id", String(eventId));
    head.set("Shop-Event-Type", type);
    // Repeated while the stream is not there yet; its message id makes that one publication.
    await eventually(() =>
      jetstream(broker).publish(`${shop.namespace}.${fact}`, body, { headers: head }),
    );
  };
  return {
    publish,
    async tell(fact, message, eventId = newId()) {
      const { schema }: { schema: DescMessage } = KINDS[fact];
      const body = toBinary(schema, create(schema, message));
      await publish({ fact, type: schema.typeName, eventId, body });
      return eventId;
    },
    async had(eventId, consumers) {
      await eventually(async () => {
        for (const [service, inbox] of inboxes) {
          if (!consumers.includes(service)) continue;
          const { eventIds } = await inbox.listMissingEvents({ eventIds: [eventId] });
          if (eventIds.length > 0) throw new Error(`${service} misses ${eventId}`);
        }
      });
    },
    async close() {
      for (const [, inbox] of inboxes) inbox.close();
      await broker.close();
    },
  };
}
