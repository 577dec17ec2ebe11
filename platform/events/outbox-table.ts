/** A row of the outbox, as far as publishing needs it. */
export type OutboxRow = {
  event_id: bigint;
  fact: string;
  event_type: string;
  order_id: bigint;
  payload: Uint8Array;
  traceparent: string;
  consumers: string;
};

export const OutboxState = {
  /** Not published yet, or not known to be. */
  NEW: 1,
  /** In the stream; a consumer may still miss it. */
  PUBLISHED: 2,
  /** Every consumer has handled it. */
  DONE: 3,
} as const;
export type OutboxState = (typeof OutboxState)[keyof typeof OutboxState];

/** A row belongs to its writer, or to the relay that claimed it, for this long; then any relay may claim it. */
export const CLAIM_SECONDS = 10;
