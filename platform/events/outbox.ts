import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Transaction } from "../db/database.ts";
import type { Identifiers } from "../db/identifiers.ts";
import { expression } from "../db/sql.ts";
import { insertRows } from "../db/statements.ts";

/** A fact that goes out with the transaction which made it true. */
export type NewEvent = {
  /** "order.v1.cancelled": the subject without its namespace. */
  fact: string;
  schema: DescMessage;
  body: Uint8Array;
  orderId: bigint;
  /** The services that must have it before it is done; none where nobody in the shop waits for it. */
  consumers: readonly string[];
  traceparent: string;
};

export type OutboxRow = {
  event_id: bigint;
  fact: string;
  event_type: string;
  order_id: bigint;
  payload: Uint8Array;
  traceparent: string;
  consumers: string;
};

export type Outbox = {
  /** Writes the events in this transaction; the relay gets them when it has committed. */
  add(tx: Transaction, events: readonly NewEvent[]): Promise<void>;
};

/** A row is its writer's for so long, then any replica's relay may publish it. */
export const CLAIM_SECONDS = 10;
const CLAIM_END = expression(`now(3) + interval ${CLAIM_SECONDS} second`);

export function newEvent<S extends DescMessage>(
  fact: string,
  schema: S,
  event: {
    message: MessageInitShape<S>;
    orderId: bigint;
    consumers?: readonly string[];
    traceparent?: string;
  },
): NewEvent {
  return {
    fact,
    schema,
    body: toBinary(schema, create(schema, event.message)),
    orderId: event.orderId,
    consumers: event.consumers ?? [],
    traceparent: event.traceparent ?? "",
  };
}

/** `publishSoon` is the relay's fast way; the row alone is enough, it only takes longer. */
export function createOutbox(options: {
  identifiers: Pick<Identifiers, "next">;
  publishSoon: (rows: OutboxRow[]) => void;
}): Outbox {
  return {
    async add(tx, events) {
      if (events.length === 0) return;
      const rows = events.map((event) => ({
        event_id: options.identifiers.next(),
        fact: event.fact,
        event_type: event.schema.typeName,
        order_id: event.orderId,
        payload: event.body,
        traceparent: event.traceparent,
        consumers: event.consumers.join(","),
      }));
      await insertRows(
        tx,
        "outbox",
        rows.map((row) => ({ ...row, state: 1, next_at: CLAIM_END })),
      );
      tx.afterCommit(() => options.publishSoon(rows));
    },
  };
}
