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

export type EventPublisher = {
  /** Publishes bytes as the event of this id, under a message id that the stream has not seen. */
  publish(event: { fact: string; type: string; eventId: bigint; body: Uint8Array }): Promise<void>;
  /** Publishes an event, by default under a new id, and resolves to its id. */
  publishMessage<F extends keyof typeof KINDS>(
    fact: F,
    message: MessageInitShape<(typeof KINDS)[F]["schema"]>,
    eventId?: bigint,
  ): Promise<bigint>;
  /** Resolves when these services have processed the event. */
  untilProcessed(eventId: bigint, consumers: readonly Consumer[]): Promise<void>;
  close(): Promise<void>;
};

/** Publishes events directly to the stream, without an outbox. */
export async function eventPublisher(shop: Shop): Promise<EventPublisher> {
  const broker = await connectToBroker();
  const inboxes = (["goods", "coupon", "user"] as const).map((service) => {
    const target = { address: shop.addresses[service], tls: undefined, timeoutMs: 5_000 };
    const serviceToken = () => token("service", "order");
    return [service, createClient(InboxService, { ...target, serviceToken })] as const;
  });
  const publish: EventPublisher["publish"] = async ({ fact, type, eventId, body }) => {
    const head = headers();
    head.set("Nats-Msg-Id", `${eventId}.${newId()}`);
    head.set("Shop-Event-Id", String(eventId));
    head.set("Shop-Event-Type", type);
    // Retried until the stream exists; the message id makes the retries one publication.
    await eventually(() =>
      jetstream(broker).publish(`${shop.namespace}.${fact}`, body, { headers: head }),
    );
  };
  return {
    publish,
    async publishMessage(fact, message, eventId = newId()) {
      const { schema }: { schema: DescMessage } = KINDS[fact];
      const body = toBinary(schema, create(schema, message));
      await publish({ fact, type: schema.typeName, eventId, body });
      return eventId;
    },
    async untilProcessed(eventId, consumers) {
      await eventually(async () => {
        for (const [service, inbox] of inboxes) {
          if (!consumers.includes(service)) continue;
          const { eventIds } = await inbox.listMissingEvents({ eventIds: [eventId] });
          if (eventIds.length > 0) throw new Error(`event ${eventId} has not reached ${service}`);
        }
      });
    },
    async close() {
      for (const [, inbox] of inboxes) inbox.close();
      await broker.close();
    },
  };
}
