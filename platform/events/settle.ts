import type { JsMsg } from "@nats-io/jetstream";
import type { Database } from "../db/database.ts";
import { failpoint } from "../settings/failpoint.ts";
import type { Log } from "../telemetry/log.ts";
import { Outage } from "../values/refusal.ts";
import type { Broker } from "./broker.ts";
import type { Delivery } from "./inbox.ts";
import { decode, failedMessage, isPublishedAgain } from "./messages.ts";
import { clearFailures, type FailedMessage, recordFailure } from "./parked.ts";
import type { Subscription } from "./subscriptions.ts";

type Parts = { database: Database; broker: Broker; log: Log };
type Target = { subscription: Subscription; durable: string };
type Received = { raw: JsMsg; delivery: Delivery<never>; failed: FailedMessage };

/** The pause after the first failed attempt; it doubles with each, up to MAX_NAK_MS. */
const FIRST_NAK_MS = 500;
const MAX_NAK_MS = 30_000;
/**
 * The pause in an outage. It does not count as an attempt, because the message is not the cause.
 */
const OUTAGE_NAK_MS = 2_000;

/** Handles messages together and acknowledges, delays or parks each of them. */
export async function settleBatch(parts: Parts, target: Target, batch: JsMsg[]): Promise<void> {
  const received = await receive(parts, target, batch);
  if (received.length === 0) return;
  try {
    await target.subscription.handle(received.map(({ delivery }) => delivery));
    await acknowledge(parts, target, received);
  } catch (error) {
    if (error instanceof Outage) {
      const fields = { err: error, consumer: target.durable };
      parts.log.warn(fields, "messages not handled in an outage, they come again");
      for (const { raw } of received) raw.nak(OUTAGE_NAK_MS);
    } else if (received.length === 1) {
      const [only] = received as [Received];
      await fail(parts, { ...only, error, readable: true });
    } else {
      // One message breaks the batch. Alone, each succeeds or fails by its own contents.
      for (const { raw } of received) await settleBatch(parts, target, [raw]);
    }
  }
}

/** Decodes the messages. One that cannot be decoded is parked at once. */
async function receive(parts: Parts, target: Target, batch: JsMsg[]): Promise<Received[]> {
  const { subscription, durable } = target;
  const subject = parts.broker.subject(subscription.fact);
  const received: Received[] = [];
  for (const raw of batch) {
    if (raw.subject !== subject) {
      // A broker that lost messages assigns their numbers again, and may then redeliver under such
      // a number what is meant for another consumer. That consumer gets the message as well.
      const fields = { consumer: durable, subject: raw.subject, sequence: raw.seq };
      parts.log.warn(fields, "the broker delivered a message of another subject");
      raw.ack();
      continue;
    }
    const failed = failedMessage(durable, raw);
    try {
      received.push({ raw, delivery: decode(subscription, raw, failed), failed });
    } catch (error) {
      await fail(parts, { raw, failed, error, readable: false });
    }
  }
  return received;
}

async function acknowledge(parts: Parts, { durable }: Target, received: Received[]): Promise<void> {
  const repeated = received.filter(({ raw }) => raw.redelivered || isPublishedAgain(raw));
  if (repeated.length > 0) {
    const keys = repeated.map(({ failed }) => failed.key);
    await clearFailures(parts.database, durable, keys);
  }
  await failpoint(`ack.before:${durable}`);
  for (const { raw } of received) raw.ack();
}

/** Counts a failed attempt, then delays the message or parks it. */
async function fail(
  { database, log }: Parts,
  failure: { raw: JsMsg; failed: FailedMessage; error: unknown; readable: boolean },
): Promise<void> {
  const { raw, failed, error } = failure;
  const { consumer, key } = failed;
  const { attempts, parked } = await recordFailure(database, failed, failure).catch(
    (recordError: unknown) => {
      log.warn({ err: recordError, consumer }, "a failed message could not be recorded");
      return { attempts: 1, parked: false };
    },
  );
  const fields = { err: error, consumer, message: key, attempts };
  if (parked) {
    log.error(fields, "message parked, see npm run parked");
    raw.ack();
  } else {
    log.warn(fields, "message failed, it comes again");
    raw.nak(Math.min(FIRST_NAK_MS * 2 ** (attempts - 1), MAX_NAK_MS));
  }
}
