import type { DescMessage } from "@bufbuild/protobuf";
import {
  type OrderCancelled,
  OrderCancelledSchema,
  OrderCompletedSchema,
  OrderConfirmedSchema,
  OrderPaidSchema,
  type OrderRefunded,
  OrderRefundedSchema,
  OrderRefundRequestedSchema,
  OrderShippedSchema,
  PaymentRefundedSchema,
  PaymentRefundReopenedSchema,
  PaymentRefundRequiresActionSchema,
  PaymentSucceededSchema,
} from "#proto/shop/event/v1/event_pb.ts";
import type { ServiceName } from "./services.ts";

type EventKind = {
  schema: DescMessage;
  consumers: readonly ServiceName[];
  concerns?: (message: never, consumer: ServiceName) => boolean;
};

/**
 * Every event of the shop: who publishes it, its message, and the services that consume it. This is
 * the only list; publishers, consumers, the audit and the tests are typed by it or read it.
 *
 * A fact is named `<publisher>.v<version>.<what happened>`. Its subject is `<namespace>.<fact>`.
 * `consumers` must handle an event before it counts as delivered. `concerns` says which of them a
 * given event concerns, where that is not always all of them.
 */
export const EVENTS = {
  order: {
    "order.v1.confirmed": { schema: OrderConfirmedSchema, consumers: [] },
    // The participants give back what the order held; pay closes its open payments.
    "order.v1.cancelled": {
      schema: OrderCancelledSchema,
      consumers: ["goods", "coupon", "user", "pay"],
      concerns: ({ holders }: OrderCancelled, consumer: ServiceName) => holders.includes(consumer),
    },
    "order.v1.paid": { schema: OrderPaidSchema, consumers: ["user"] },
    "order.v1.refund_requested": { schema: OrderRefundRequestedSchema, consumers: ["pay"] },
    // A coupon discounts the order as a whole, so only a whole refund frees it.
    "order.v1.refunded": {
      schema: OrderRefundedSchema,
      consumers: ["goods", "user", "coupon"],
      concerns: ({ whole }: OrderRefunded, consumer: ServiceName) => consumer !== "coupon" || whole,
    },
    "order.v1.shipped": { schema: OrderShippedSchema, consumers: [] },
    "order.v1.completed": { schema: OrderCompletedSchema, consumers: [] },
  },
  pay: {
    "pay.v1.succeeded": { schema: PaymentSucceededSchema, consumers: ["order"] },
    "pay.v1.refunded": { schema: PaymentRefundedSchema, consumers: ["order"] },
    "pay.v1.refund_reopened": { schema: PaymentRefundReopenedSchema, consumers: ["order"] },
    "pay.v1.refund_requires_action": {
      schema: PaymentRefundRequiresActionSchema,
      consumers: ["order"],
    },
  },
} as const satisfies {
  [P in ServiceName]?: Record<`${P}.v${number}.${string}`, EventKind>;
};

/** A service that publishes events. */
export type Publisher = keyof typeof EVENTS;
export const PUBLISHERS = Object.keys(EVENTS) as Publisher[];

type Fact = { publisher: Publisher; fact: string } & EventKind;

/** The same, as a list: for those who go through all of them. */
export const FACTS: readonly Fact[] = PUBLISHERS.flatMap((publisher) =>
  Object.entries<EventKind>(EVENTS[publisher]).map(([fact, kind]) => ({
    publisher,
    fact,
    ...kind,
  })),
);
