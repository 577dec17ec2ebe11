import { defineEntity, p } from "@mikro-orm/mysql";
import type { Database, Transaction } from "../db/database.ts";
import { insertRows } from "../db/rows.ts";
import { type RowOf, tableOf } from "../db/tables.ts";

export const ParkedState = {
  /** It failed and is delivered again after a pause. */
  RETRYING: 1,
  /** It is set aside until it is restarted: by an operator, or after an outage (restart.ts). */
  PARKED: 2,
} as const;
export type ParkedState = (typeof ParkedState)[keyof typeof ParkedState];

/** Why a message is parked. */
export const ParkedCause = {
  /** It is not parked, or an earlier release parked it. */
  UNKNOWN: 0,
  /** It cannot be read, or it failed while its consumer handled other messages. */
  MESSAGE: 1,
  /** Its consumer handled no message while it failed. */
  OUTAGE: 2,
} as const;
export type ParkedCause = (typeof ParkedCause)[keyof typeof ParkedCause];

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
    cause: p.smallint().$type<ParkedCause>().default(ParkedCause.UNKNOWN),
    /** How often it was restarted without an operator. */
    restarts: p.integer().default(0),
  },
});
export const PARKED_MESSAGES = tableOf(ParkedMessageEntity);
const NEW_FAILURE = [
  "consumer",
  "messageKey",
  "eventId",
  "subject",
  "headers",
  "payload",
  "state",
  "cause",
  "attempts",
  "error",
] as const;
const FAILING = PARKED_MESSAGES.pick("attempts", "firstTime");

/** Attempts before a message is parked that can be read. */
const MAX_ATTEMPTS = 8;

/** Characters of an error that its record keeps. */
const MAX_ERROR_LENGTH = 8_000;

/**
 * Counts one more failed attempt at this message. Parks it at the eighth, and at the first if it
 * cannot be read. Returns the number of attempts since it was first delivered or restarted. The
 * database counts, because a consumer that was created anew counts its deliveries from one.
 */
export function recordFailure(
  database: Database,
  message: FailedMessage,
  failure: { error: unknown; readable: boolean },
): Promise<{ attempts: number; parked: boolean }> {
  const { consumer, key } = message;
  return database.transact("record-failure", async (tx) => {
    const [row] = await tx.select<RowOf<typeof FAILING>>(
      `select ${FAILING.sql} from parked_messages
       where consumer = ? and message_key = ? for update`,
      [consumer, key],
    );
    const attempts = (row?.attempts ?? 0) + 1;
    const parked = attempts >= MAX_ATTEMPTS || !failure.readable;
    const since = failure.readable ? row?.firstTime : undefined;
    const cause = parked ? await causeOf(tx, consumer, since) : ParkedCause.UNKNOWN;
    const state = parked ? ParkedState.PARKED : ParkedState.RETRYING;
    const error = describe(failure.error);
    if (row) {
      await tx.write(
        `update parked_messages set attempts = ?, state = ?, cause = ?, error = ?
         where consumer = ? and message_key = ?`,
        [attempts, state, cause, error, consumer, key],
      );
    } else {
      const headers = JSON.stringify(message.headers);
      await insertRows(tx, PARKED_MESSAGES, NEW_FAILURE, [
        { ...message, messageKey: key, headers, state, cause, attempts, error },
      ]);
    }
    return { attempts, parked };
  });
}

/**
 * The cause of failures since this time. The message is to blame if its consumer handled another
 * one meanwhile; if it handled none, something that all of them need may be missing.
 */
async function causeOf(
  tx: Transaction,
  consumer: string,
  since: Date | undefined,
): Promise<ParkedCause> {
  if (since === undefined) return ParkedCause.MESSAGE;
  const handled = await tx.select(
    "select 1 as found from inbox where handle_time > ? and consumer = ? limit 1",
    [since, consumer],
  );
  return handled.length > 0 ? ParkedCause.MESSAGE : ParkedCause.OUTAGE;
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
