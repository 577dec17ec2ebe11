import { setTimeout as pause } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import type { ConsumerMessages, JsMsg } from "@nats-io/jetstream";
import type { Database } from "../db/database.ts";
import { failpoint } from "../settings/failpoint.ts";
import type { Log } from "../telemetry/log.ts";
import { Outage } from "../values/refusal.ts";
import type { Broker } from "./broker.ts";
import { type Delivery, pruneInbox } from "./inbox.ts";
import { clearFailures, type FailedMessage, recordFailure } from "./parked.ts";
import type { Subscription } from "./subscriptions.ts";

/** Messages of one pull and of one transaction at most. */
const BATCH = 256;
const PULL_EXPIRES_MS = 5_000;
/**
 * A pull is over so long after it expired, told or not. nats-server 2.9 now and then does not tell; left to the client
 * that comes out when two heartbeats are missed, and what is published meanwhile waits for 5 s.
 */
const PULL_OVERDUE_MS = 300;
/**
 * Batches of one consumer begin at least so far apart. What comes to an idle consumer is settled at once; what comes one
 * after the other shares a transaction, instead of having one each as long as the machine just keeps up.
 */
const BATCH_EVERY_MS = 40;
const RETRY_PAUSE_MS = 500;
/** How often a consumer that hears nothing bad is asked after all the same. */
const CHECK_EVERY_MS = 10_000;
const MAX_ATTEMPTS = 8;
const FIRST_NAK_MS = 250;
const MAX_NAK_MS = 30_000;
/** The database or another service is away: not the message's fault, so not counted. */
const OUTAGE_NAK_MS = 2_000;
/** Carried by a message that a person started again: the key of its record, which may be one without an event id. */
export const RESTARTED_HEADER = "Shop-Restarted";

type Parts = { database: Database; broker: Broker; log: Log };
type Received = { raw: JsMsg; delivery: Delivery<never>; failed: FailedMessage };

/**
 * Runs one durable consumer for each subscription, shared with the service's other replicas, until stopped. Streams and
 * durables that are missing, at the start or later, are created; whatever was lost with them comes again from the
 * publisher's outbox.
 */
export function startConsumers(
  options: Parts & { service: string; subscriptions: Subscription[] },
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const loops = options.subscriptions.map((subscribed) =>
    consume(options, {
      subscribed,
      durable: `${options.service}_${subscribed.fact.replaceAll(".", "_")}`,
      stopping: stopping.signal,
    }),
  );
  const pruning = pruneInbox(options.database, options.log);
  return {
    async stop() {
      stopping.abort();
      await Promise.all([...loops, pruning.stop()]);
    },
  };
}

type Loop = { subscribed: Subscription; durable: string; stopping: AbortSignal };

async function consume(parts: Parts, loop: Loop): Promise<void> {
  const { stopping, durable, subscribed } = loop;
  let troubled = false;
  while (!stopping.aborted) {
    try {
      if (!parts.broker.connected()) {
        await pause(RETRY_PAUSE_MS, undefined, { signal: stopping }).catch(() => {});
        continue;
      }
      const consumer = await parts.broker.ensureConsumer(subscribed.fact, durable);
      if (troubled) parts.log.info({ consumer: durable }, "consuming again");
      troubled = false;
      const untilMs = Date.now() + CHECK_EVERY_MS;
      while (!stopping.aborted && Date.now() < untilMs) {
        const messages = await consumer.fetch({ max_messages: BATCH, expires: PULL_EXPIRES_MS });
        await drain(messages, stopping, (batch) => settleBatch(parts, loop, batch));
      }
    } catch (error) {
      if (stopping.aborted) return;
      if (!troubled) parts.log.warn({ err: error, consumer: durable }, "cannot consume, trying on");
      troubled = true;
      await pause(RETRY_PAUSE_MS, undefined, { signal: stopping }).catch(() => {});
    }
  }
}

/** Hands over, one batch after the other, what has come in so far; ends with the pull. */
async function drain(
  messages: ConsumerMessages,
  stopping: AbortSignal,
  settle: (batch: JsMsg[]) => Promise<void>,
): Promise<void> {
  const stop = () => messages.stop();
  stopping.addEventListener("abort", stop);
  // Not before what lies in the socket was read: where the process was held up, the end may be among it.
  const overdue = setTimeout(() => setImmediate(stop), PULL_EXPIRES_MS + PULL_OVERDUE_MS);
  let arrived: JsMsg[] = [];
  let settling: Promise<void> | undefined;
  let trouble: unknown;
  const settleArrived = async () => {
    // What has arrived in the same turn of the event loop goes together.
    await new Promise(setImmediate);
    while (arrived.length > 0) {
      const batch = arrived;
      arrived = [];
      const begun = performance.now();
      await settle(batch);
      const restMs = BATCH_EVERY_MS - (performance.now() - begun);
      if (restMs > 0) await pause(restMs, undefined, { signal: stopping }).catch(() => {});
    }
    settling = undefined;
  };
  try {
    for await (const message of messages) {
      arrived.push(message);
      settling ??= settleArrived().catch((error: unknown) => {
        trouble ??= error;
        messages.stop();
      });
    }
  } finally {
    stopping.removeEventListener("abort", stop);
    clearTimeout(overdue);
    await settling;
  }
  if (trouble) throw trouble;
}

async function settleBatch(parts: Parts, loop: Loop, batch: JsMsg[]): Promise<void> {
  const received: Received[] = [];
  const subject = parts.broker.subject(loop.subscribed.fact);
  for (const raw of batch) {
    if (raw.subject !== subject) {
      // A broker that lost messages gives their numbers out again, and then hands out under such a number, as if it came
      // again, what is for another consumer; that one gets it by its own way.
      const fields = { consumer: loop.durable, subject: raw.subject, sequence: raw.seq };
      parts.log.warn(fields, "the broker handed out a message that is not for this consumer");
      raw.ack();
      continue;
    }
    try {
      received.push(decode(loop, raw));
    } catch (error) {
      await park(parts, { raw, failed: failedMessage(loop, raw), error, maxAttempts: 1 });
    }
  }
  if (received.length === 0) return;
  const deliveries = received.map(({ delivery }) => delivery);
  try {
    await loop.subscribed.handle(deliveries);
    await acknowledge(parts, loop, received);
  } catch (error) {
    if (error instanceof Outage) {
      parts.log.warn({ err: error, consumer: loop.durable }, "no effect now, will come again");
      for (const { raw } of received) raw.nak(OUTAGE_NAK_MS);
    } else if (received.length === 1) {
      const [only] = received as [Received];
      await park(parts, { ...only, error, maxAttempts: MAX_ATTEMPTS });
    } else {
      // One of them breaks the others: alone, each succeeds or fails by itself.
      for (const { raw } of received) await settleBatch(parts, loop, [raw]);
    }
  }
}

async function acknowledge(parts: Parts, loop: Loop, received: Received[]): Promise<void> {
  const repeated = received.filter(({ raw }) => raw.redelivered || isPublishedAgain(raw));
  if (repeated.length > 0) {
    const keys = repeated.map(({ failed }) => failed.key);
    await clearFailures(parts.database, loop.durable, keys);
  }
  await failpoint(`ack.before:${loop.durable}`);
  for (const { raw } of received) raw.ack();
}

async function park(
  parts: Parts,
  failure: { raw: JsMsg; failed: FailedMessage; error: unknown; maxAttempts: number },
): Promise<void> {
  const { raw, failed, error } = failure;
  const { attempts, parked } = await recordFailure(parts.database, failed, failure).catch(
    (trouble: unknown) => {
      parts.log.warn({ err: trouble, consumer: failed.consumer }, "a failure cannot be recorded");
      return { attempts: 1, parked: false };
    },
  );
  const fields = { err: error, consumer: failed.consumer, message: failed.key, attempts };
  if (parked) {
    parts.log.error(fields, "message parked: see npm run parked");
    raw.ack();
  } else {
    parts.log.warn(fields, "message failed, will be tried again");
    raw.nak(Math.min(FIRST_NAK_MS * 2 ** attempts, MAX_NAK_MS));
  }
}

function decode(loop: Loop, raw: JsMsg): Received {
  const { schema } = loop.subscribed;
  const failed = failedMessage(loop, raw);
  const type = raw.headers?.get("Shop-Event-Type");
  if (type !== schema.typeName) {
    throw new Error(`the message is a "${type ?? ""}", not a ${schema.typeName}`);
  }
  if (failed.eventId === undefined) throw new Error("the message has no event id");
  const delivery: Delivery<unknown> = {
    eventId: failed.eventId,
    consumer: loop.durable,
    message: fromBinary(schema, raw.data),
    traceparent: raw.headers?.get("traceparent") ?? "",
  };
  return { raw, delivery: delivery as Delivery<never>, failed };
}

function failedMessage(loop: Loop, raw: JsMsg): FailedMessage {
  const id = raw.headers?.get("Shop-Event-Id") || raw.headers?.get("Nats-Msg-Id") || "";
  const eventId = /^[1-9]\d{0,18}$/.test(id) && BigInt(id) < 2n ** 63n ? BigInt(id) : undefined;
  return {
    consumer: loop.durable,
    key: eventId === undefined ? keyWithoutId(raw) : String(eventId),
    eventId,
    subject: raw.subject,
    headers: Object.fromEntries(
      [...(raw.headers ?? [])].map(([name, values]) => [name, values.join(",")]),
    ),
    payload: raw.data,
  };
}

/** By the publisher or by a person: an event goes out first under its own id. */
function isPublishedAgain({ headers }: JsMsg): boolean {
  return headers?.get("Nats-Msg-Id") !== headers?.get("Shop-Event-Id");
}

const MESSAGE_KEY = /^[A-Z0-9_]{1,64}:\d{1,20}(:\d{1,16})?$/;

/**
 * The message's place in the stream, and when it came there: a broker that lost its store, or got an old one back, gives
 * its numbers out again. Of one that was started again from its record: the first one.
 */
function keyWithoutId(raw: JsMsg): string {
  const earlier = raw.headers?.get(RESTARTED_HEADER) ?? "";
  if (MESSAGE_KEY.test(earlier)) return earlier;
  return `${raw.info.stream}:${raw.seq}:${raw.timestampNanos / 1_000_000n}`;
}
