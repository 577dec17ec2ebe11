import { randomUUID } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import type { JsMsg } from "@nats-io/jetstream";
import type { Delivery } from "./inbox.ts";
import type { FailedMessage } from "./parked.ts";
import type { Subscription } from "./subscriptions.ts";

/**
 * Header of a message that was parked and restarted: the key of its record, which is the only way to
 * find the record of a message without an event id.
 */
export const RESTARTED_HEADER = "Shop-Restarted";

const EVENT_ID = /^[1-9]\d{0,18}$/;
const MAX_EVENT_ID = 2n ** 63n - 1n;
const MESSAGE_KEY = /^[A-Z0-9_]{1,64}:\d{1,20}(:\d{1,16})?$/;

/** A message as its handler gets it. Throws if it is not an event of this subscription. */
export function decode(
  { schema }: Subscription,
  raw: JsMsg,
  { consumer, eventId }: FailedMessage,
): Delivery<never> {
  const type = raw.headers?.get("Shop-Event-Type") ?? "";
  if (type !== schema.typeName) {
    throw new Error(`the message is of type "${type}", expected ${schema.typeName}`);
  }
  if (eventId === undefined) throw new Error("the message has no event id");
  const message = fromBinary(schema, raw.data) as never;
  return { eventId, consumer, message, traceparent: raw.headers?.get("traceparent") ?? "" };
}

/** The message as its record keeps it, should it fail. */
export function failedMessage(consumer: string, raw: JsMsg): FailedMessage {
  const id = raw.headers?.get("Shop-Event-Id") || raw.headers?.get("Nats-Msg-Id") || "";
  const eventId = EVENT_ID.test(id) && BigInt(id) <= MAX_EVENT_ID ? BigInt(id) : undefined;
  return {
    consumer,
    key: eventId === undefined ? keyWithoutId(raw) : String(eventId),
    eventId,
    subject: raw.subject,
    headers: Object.fromEntries(
      [...(raw.headers ?? [])].map(([name, values]) => [name, values.join(",")]),
    ),
    payload: raw.data,
  };
}

/** The headers with which a message is published again that was parked with `headers`. */
export function restartedHeaders(message: {
  key: string;
  eventId: bigint | string | null;
  headers: Record<string, string>;
}): Record<string, string> {
  const { key, eventId, headers } = message;
  // The broker's own headers instruct the stream. Copied, they would make it drop the message as a
  // duplicate, or expect a sequence that has passed.
  const own = Object.entries(headers).filter(([name]) => !/^nats-/i.test(name));
  return {
    ...Object.fromEntries(own),
    ...(eventId !== null && { "Shop-Event-Id": String(eventId) }),
    "Nats-Msg-Id": `${key}.${randomUUID()}`,
    [RESTARTED_HEADER]: key,
  };
}

/**
 * Whether the event was published again, by the relay or because it was restarted; first it goes
 * out under its own id.
 */
export function isPublishedAgain({ headers }: JsMsg): boolean {
  return headers?.get("Nats-Msg-Id") !== headers?.get("Shop-Event-Id");
}

/**
 * The position of the message in its stream and the time when it was stored there, because a broker
 * that lost its store assigns the same positions again. A restarted message keeps its first key.
 */
function keyWithoutId(raw: JsMsg): string {
  const earlier = raw.headers?.get(RESTARTED_HEADER) ?? "";
  if (MESSAGE_KEY.test(earlier)) return earlier;
  return `${raw.info.stream}:${raw.seq}:${raw.timestampNanos / 1_000_000n}`;
}
