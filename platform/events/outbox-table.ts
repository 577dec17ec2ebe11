import { defineEntity, p } from "@mikro-orm/mysql";
import { type RowOf, tableOf } from "../db/tables.ts";

export const OutboxState = {
  /** Not in the stream yet, or not known to be. */
  NEW: 1,
  /** In the stream; a consumer may still miss it. */
  PUBLISHED: 2,
  /** Every consumer has handled it. */
  DONE: 3,
} as const;
export type OutboxState = (typeof OutboxState)[keyof typeof OutboxState];

export const OutboxEntity = defineEntity({
  name: "Outbox",
  tableName: "outbox",
  properties: {
    eventId: p.bigint().primary(),
    fact: p.string(),
    /** The full name of the message: "shop.event.v1.OrderCancelled". */
    eventType: p.string(),
    /** The column is named after the aggregate of every event so far. */
    aggregateId: p.bigint().fieldName("order_id"),
    payload: p.blob(),
    traceparent: p.string(),
    /** The services that must handle the event, separated by commas. */
    consumers: p.string(),
    state: p.smallint().$type<OutboxState>(),
    /** From when on any relay may claim the row. */
    nextAt: p.datetime(3),
    /** How often the event has been published. */
    publishes: p.integer().default(0),
    createTime: p.datetime(3).defaultRaw("current_timestamp(3)"),
    publishTime: p.datetime(3).strictNullable(),
  },
});

export const OUTBOX = tableOf(OutboxEntity);

/** What publishing needs of a row. */
export const PUBLISHABLE = OUTBOX.pick(
  "eventId",
  "fact",
  "eventType",
  "aggregateId",
  "payload",
  "traceparent",
  "consumers",
);
export type OutboxRow = Omit<RowOf<typeof PUBLISHABLE>, "payload"> & { payload: Uint8Array };

/** A row belongs for this long to the process that wrote or claimed it. */
export const CLAIM_SECONDS = 10;
