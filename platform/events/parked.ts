import type { Database } from "../db/database.ts";
import { insertRows } from "../db/statements.ts";

/** A message as it came, whole, so that it can be started again whatever became of the stream. */
export type FailedMessage = {
  consumer: string;
  /** The event id, or "stream:sequence:milliseconds" of a message that has none. */
  key: string;
  eventId: bigint | undefined;
  subject: string;
  headers: Record<string, string>;
  payload: Uint8Array;
};

export const ParkedState = {
  /** Failed, and delivered again after a pause. */
  RETRYING: 1,
  /** Set aside until an operator restarts or drops it. */
  PARKED: 2,
} as const;
export type ParkedState = (typeof ParkedState)[keyof typeof ParkedState];

/**
 * Counts one more failed attempt at this message, and parks it at `maxAttempts`. Counted in the database, because a
 * consumer that was created anew counts its deliveries from one. Returns the attempts so far.
 */
export function recordFailure(
  database: Database,
  message: FailedMessage,
  options: { error: unknown; maxAttempts: number },
): Promise<{ attempts: number; parked: boolean }> {
  const { consumer, key } = message;
  return database.transact("record-failure", async (tx) => {
    const [row] = await tx.select<{ attempts: number }>(
      "select attempts from parked_messages where consumer = ? and message_key = ? for update",
      [consumer, key],
    );
    const attempts = (row?.attempts ?? 0) + 1;
    const parked = attempts >= options.maxAttempts;
    const state = parked ? ParkedState.PARKED : ParkedState.RETRYING;
    const error = describe(options.error);
    if (row) {
      await tx.write(
        "update parked_messages set attempts = ?, state = ?, error = ? where consumer = ? and message_key = ?",
        [attempts, state, error, consumer, key],
      );
    } else {
      await insertRows(tx, "parked_messages", [
        {
          consumer,
          message_key: key,
          event_id: message.eventId,
          subject: message.subject,
          headers: JSON.stringify(message.headers),
          payload: message.payload,
          state,
          attempts,
          error,
        },
      ]);
    }
    return { attempts, parked };
  });
}

/** The message succeeded after all: its record goes. */
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
  return text.slice(0, 8_000);
}
