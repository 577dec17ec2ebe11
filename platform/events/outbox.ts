import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Database, Transaction } from "../db/database.ts";
import type { Identifiers } from "../db/identifiers.ts";
import { insertRows } from "../db/rows.ts";
import { expression } from "../db/sql.ts";
import type { Log } from "../telemetry/log.ts";
import type { Broker } from "./broker.ts";
import { type ConsumerOf, concerns, type EventKind, type EventTable } from "./event-table.ts";
import type { InboxClient } from "./inbox.ts";
import { CLAIM_SECONDS, OUTBOX, type OutboxRow, OutboxState } from "./outbox-table.ts";
import { startRelay } from "./relay.ts";

/** An event of the publisher's table that a transaction is about to make true. */
export type NewEvent<E extends EventTable> = {
  [F in keyof E & string]: {
    fact: F;
    message: MessageInitShape<E[F]["schema"]>;
    /** What the event is about, such as an order. */
    aggregateId: bigint;
    /** The services that must handle it. @default the consumers that it concerns */
    consumers?: readonly E[F]["consumers"][number][];
    /** The W3C trace that the event belongs to. */
    traceparent?: string | undefined;
  };
}[keyof E & string];

export type Outbox<E extends EventTable> = {
  /** Writes the events in this transaction. They are published once it has committed. */
  add(tx: Transaction, events: readonly NewEvent<E>[]): Promise<void>;
};

const CLAIM_END = expression(`now(3) + interval ${CLAIM_SECONDS} second`);

/**
 * The outbox of a service, and the relay that publishes it until `stop`. `events` is what the
 * service publishes. `inboxes` needs a client for each service that consumes one of them; `stop`
 * closes the clients.
 */
export function startOutbox<E extends EventTable>(options: {
  events: E;
  inboxes: Record<ConsumerOf<E>, InboxClient>;
  identifiers: Pick<Identifiers, "next">;
  database: Database;
  broker: Broker;
  log: Log;
}): Outbox<E> & { stop(): Promise<void> } {
  const { events: table, identifiers, database, broker, log, inboxes } = options;
  const relay = startRelay({ database, broker, log, inboxes });
  return {
    stop: relay.stop,
    async add(tx, events) {
      if (events.length === 0) return;
      const rows = events.map((event) => ({
        eventId: identifiers.next(),
        ...encode(table[event.fact], event),
      }));
      await insertRows(
        tx,
        OUTBOX,
        [
          "eventId",
          "fact",
          "eventType",
          "aggregateId",
          "payload",
          "traceparent",
          "consumers",
          "state",
          "nextAt",
        ],
        rows.map((row) => ({ ...row, state: OutboxState.NEW, nextAt: CLAIM_END })),
      );
      // The relay would find the rows anyway; this only spares them the wait for its next sweep.
      tx.afterCommit(() => relay.publishSoon(rows));
    },
  };
}

function encode(
  kind: EventKind | undefined,
  event: NewEvent<EventTable>,
): Omit<OutboxRow, "eventId"> {
  if (!kind) throw new Error(`${event.fact} is not in the table of this service's events`);
  const message = create(kind.schema, event.message);
  const consumers =
    event.consumers ?? kind.consumers.filter((consumer) => concerns(kind, message, consumer));
  return {
    fact: event.fact,
    eventType: kind.schema.typeName,
    aggregateId: event.aggregateId,
    payload: toBinary(kind.schema, message),
    traceparent: event.traceparent ?? "",
    consumers: consumers.join(","),
  };
}
