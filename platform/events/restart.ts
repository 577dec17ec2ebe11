import type { Database } from "../db/database.ts";
import { type Periodic, periodically } from "../db/periodic.ts";
import type { RowOf } from "../db/tables.ts";
import type { Log } from "../telemetry/log.ts";
import type { Broker } from "./broker.ts";
import { restartedHeaders } from "./messages.ts";
import { PARKED_MESSAGES, ParkedCause, ParkedState } from "./parked.ts";

// Messages that an outage parked are published again without an operator. An error that is known
// to mean an outage parks nothing (settle.ts); what remains are faults that hit every message of a
// consumer alike, such as a column that is missing, and what earlier releases parked.
//
// Such a message is restarted as soon as its consumer has handled another one, because then the
// outage is over. A message that failed after that has a longer pause after each restart, so that
// one which only looks like an outage, on a shop with few events, costs little.

type Parts = { database: Database; broker: Broker; log: Log };

const CHECK_EVERY_MS = 5_000;
/** Messages that one check restarts. */
const BATCH = 100;
/** The pause before the first restart of a message whose consumer handles no other; doubles. */
const FIRST_PAUSE_SECONDS = 60;
const MAX_PAUSE_SECONDS = 600;

const MESSAGE = PARKED_MESSAGES.pick(
  "consumer",
  "messageKey",
  "eventId",
  "subject",
  "headers",
  "payload",
);
type Message = RowOf<typeof MESSAGE>;

/** Absolute, because the clock may be set back. */
const PARKED_SECONDS = "abs(timestampdiff(second, last_time, now(3)))";
const PAUSE_SECONDS = `least(${FIRST_PAUSE_SECONDS} * pow(2, restarts), ${MAX_PAUSE_SECONDS})`;
const HANDLED_SINCE = `exists (select 1 from inbox i
  where i.consumer = p.consumer and i.handle_time > p.last_time)`;

/**
 * Restarts the messages of these consumers that an outage parked, until stopped. `facts` has the
 * fact of each durable consumer.
 */
export function restartAfterOutages(parts: Parts, facts: ReadonlyMap<string, string>): Periodic {
  return periodically({
    name: "restart-parked",
    everyMs: CHECK_EVERY_MS,
    log: parts.log,
    work: async () => {
      if (facts.size === 0 || !parts.broker.connected()) return false;
      const due = await dueMessages(parts.database, [...facts.keys()]);
      for (const [consumer, messages] of Map.groupBy(due, (message) => message.consumer)) {
        const keys = messages.map(({ messageKey }) => messageKey);
        await restart(parts, { consumer, fact: facts.get(consumer) ?? "", keys });
      }
      return due.length === BATCH;
    },
  });
}

function dueMessages(database: Database, consumers: string[]) {
  return database.select<Pick<Message, "consumer" | "messageKey">>(
    `select consumer, message_key as messageKey from parked_messages p
     where state = ? and cause <> ? and consumer in (?)
       and (${PARKED_SECONDS} >= ${PAUSE_SECONDS} or (restarts = 0 and ${HANDLED_SINCE}))
     order by first_time limit ${BATCH}`,
    [ParkedState.PARKED, ParkedCause.MESSAGE, consumers],
  );
}

/**
 * Publishes the messages before the commit. If this process dies between the two, or the broker
 * fails, they are still parked and are restarted again; the inbox drops the repetition.
 */
async function restart(
  { database, broker, log }: Parts,
  { consumer, fact, keys }: { consumer: string; fact: string; keys: string[] },
): Promise<void> {
  const restarted = await database.transact("restart-parked", async (tx) => {
    const messages = await tx.select<Message>(
      `select ${MESSAGE.sql} from parked_messages
       where consumer = ? and message_key in (?) and state = ? for update skip locked`,
      [consumer, keys, ParkedState.PARKED],
    );
    if (messages.length === 0) return 0;
    await tx.change(
      `update parked_messages set state = ?, cause = ?, attempts = 0, first_time = now(3),
         restarts = restarts + 1 where consumer = ? and message_key in (?)`,
      [
        ParkedState.RETRYING,
        ParkedCause.UNKNOWN,
        consumer,
        messages.map(({ messageKey }) => messageKey),
      ],
    );
    await broker.ensureStream(fact);
    await Promise.all(
      messages.map(({ messageKey: key, eventId, headers: json, payload: body }) => {
        const headers = restartedHeaders({ key, eventId, headers: JSON.parse(json) });
        return broker.publish({ fact, headers, body });
      }),
    );
    return messages.length;
  });
  if (restarted > 0) log.info({ consumer, messages: restarted }, "messages of an outage restarted");
}
