import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { concerns, type EventTable } from "./event-table.ts";
import type { Delivery } from "./inbox.ts";

/** How a service handles one fact. */
export type Subscription = {
  fact: string;
  schema: DescMessage;
  /**
   * Gives a batch its effect in one transaction that begins with `admitEvents`. Events may arrive
   * more than once, late and in any order. If it throws, each event of the batch runs alone, then
   * again after growing pauses until it is parked.
   */
  handle(deliveries: Delivery<never>[]): Promise<void>;
};

/** A handler for every fact that names the service as a consumer, and for no other. */
export type Handlers<E extends EventTable, C extends string> = {
  [F in keyof E as C extends E[F]["consumers"][number] ? F : never]: (
    deliveries: Delivery<MessageShape<E[F]["schema"]>>[],
  ) => Promise<void>;
};

/**
 * The subscriptions of the service `consumer` to a publisher's events. A handler gets only the
 * events that concern the service; a batch without any is done.
 */
export function subscribe<E extends EventTable, C extends string>(
  events: E,
  consumer: C,
  handlers: Handlers<E, C>,
): Subscription[] {
  return Object.entries<Subscription["handle"]>(handlers).map(([fact, handle]) => {
    const kind = events[fact];
    if (!kind) throw new Error(`${consumer} handles ${fact}, which its publisher does not list`);
    return {
      fact,
      schema: kind.schema,
      handle: async (deliveries) => {
        const ours = deliveries.filter(({ message }) => concerns(kind, message, consumer));
        if (ours.length > 0) await handle(ours);
      },
    };
  });
}
