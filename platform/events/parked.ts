import { defineEntity, p } from "@mikro-orm/mysql";
import type { Database } from "../db/database.ts";
import { insertRows } from "../db/rows.ts";
import { tableOf } from "../db/tables.ts";

export const ParkedState = {
  /** It failed and is delivered again after a pause. */
  RETRYING: 1,
  /** It is set aside until an operator restarts or drops it. */
  PARKED: 2,
} as const;
export type ParkedState = (typeof ParkedState)[keyof typeof ParkedState];

/** A message that failed, whole, so that it can be restarted even if the stream has lost it. */
export type FailedMessage = {
  consumer: string;
  /** The event id, or "stream:sequence:milliseconds" for a message without one. */
  key: string;
  eventId: bigint | undefined;
  subject: string;
  headers: Record<string, string>;
  payload: Uint8Array;
};

export const ParkedMessageEntity = defineEntity({
  name: "ParkedMessage",
  tableName: "parked_messages",
  properties: {
    consumer: p.string().primary(),
    messageKey: p.string().primary(),
    eventId: p.bigint().strictNullable(),
    subject: p.string(),
    /** As JSON. */
    headers: p.text(),
    payload: p.blob(),
    state: p.smallint().$type<ParkedState>(),
    attempts: p.integer(),
    error: p.text(),
    firstTime: p.datetime(3).defaultRaw("current_timestamp(3)"),
    lastTime: p.datetime(3).defaultRaw("current_timestamp(3)"),
  },
});
const PARKED_MESSAGES = tableOf(ParkedMessageEntity);

/** Characters of an error that its record keeps. */
const MAX_ERROR_LENGTH = 8_000;

/**
 * Counts one more failed attempt at this message and parks it at `maxAttempts`. Returns the number
 * of attempts so far. The database counts, because a consumer that was created anew counts its
 * deliveries from one.
 */
export function recordFailure(
  database: Database,
  message: FailedMessage,
  failure: { error: unknown; maxAttempts: number },
): Promise<{ attempts: number; parked: boolean }> {
  const { consumer, key } = message;
  return database.transact("record-failure", async (tx) => {
    const [row] = await tx.select<{ attempts: number }>(
      "select attempts from parked_messages where consumer = ? and message_key = ? for update",
      [consumer, key],
    );
    const attempts = (row?.attempts ?? 0) + 1;
    const parked = attempts >= failure.maxAttempts;
    const state = parked ? ParkedState.PARKED : ParkedState.RETRYING;
    const error = describe(failure.error);
    if (row) {
      await tx.write(
        `update parked_messages set attempts = ?, state = ?, error = ?
         where consumer = ? and message_key = ?`,
        [attempts, state, error, consumer, key],
      );
    } else {
      const headers = JSON.stringify(message.headers);
      await insertRows(tx, PARKED_MESSAGES, [
        { ...message, messageKey: key, headers, state, attempts, error },
      ]);
    }
    return { attempts, parked };
  });
}

/** Deletes the records of messages that succeeded after all. */
export async function clearFailures(
  database: Database,
  consumer: string,
  keys: readonly string[],
): Promise<void> {
  await database.transact("clear-failures", (tx) =>
    tx.change("delete from parked_messages where consumer = ? and message_key in (?)", [
      consumer,
      keys,
    ]),
  );
}

function describe(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text.slice(0, MAX_ERROR_LENGTH);
}
