import type { DescMessage } from "@bufbuild/protobuf";

/** One kind of event, as the contract lists it. */
export type EventKind = {
  schema: DescMessage;
  /** The services that must handle an event before it counts as delivered. */
  consumers: readonly string[];
  /** Which of the consumers an event concerns. Default: all of them. */
  concerns?: (message: never, consumer: never) => boolean;
};

/** What one service publishes, by fact: "order.v1.cancelled", the subject without its namespace. */
export type EventTable = Readonly<Record<string, EventKind>>;

/** The services that consume at least one of these events. */
export type ConsumerOf<E extends EventTable> = E[keyof E]["consumers"][number];

/** Whether the event concerns this consumer. */
export function concerns(kind: EventKind, message: unknown, consumer: string): boolean {
  return kind.concerns?.(message as never, consumer as never) ?? true;
}
