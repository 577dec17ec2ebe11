import { OutboxState } from "#platform/events/outbox-table.ts";
import { ParkedState } from "#platform/events/parked.ts";
import { FACTS, PUBLISHERS, type Publisher } from "#proto/events.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { identifierRule } from "./identifiers.ts";
import { CAPTURED, DONE, type Group, KEPT, RETURNED, type Scope } from "./rule.ts";

/** Delivered outbox rows are kept for 7 days, so everything younger than this still has its row. */
const RETAINED = "interval 6 day";

/** Every event was published, and each of its consumers handled it once. */
export const eventRules: Group = {
  name: "events",
  rules: [
    {
      name: "events-are-delivered",
      says: "every event is delivered within the time that retries take",
      always: true,
      sql: (scope) =>
        PUBLISHERS.map(
          (publisher) => `select concat('event ', event_id) as item, order_id as orderId, fact,
            consumers, state from ${scope[publisher]}.outbox where state <> ${OutboxState.DONE}
            and create_time < now(3) - interval ${scope.settleSeconds} second`,
        ).join(" union all "),
      describe: ({ fact, orderId, consumers, state }) =>
        `${fact} of order ${orderId} for ${consumers} is still in state ${state}`,
    },
    {
      name: "events-are-handled",
      says: "each consumer that a delivered event names has handled it",
      sql: (scope) =>
        pairs()
          .map(
            ([
              publisher,
              service,
            ]) => `select concat('event ', o.event_id, ' at ${service}') as item,
              o.order_id as orderId, o.fact from ${scope[publisher]}.outbox o
              left join ${scope[service]}.inbox i on i.event_id = o.event_id
                and i.consumer = concat('${service}_', replace(o.fact, '.', '_'))
              where o.state = ${OutboxState.DONE} and find_in_set('${service}', o.consumers) > 0
                and i.event_id is null`,
          )
          .join(" union all "),
      describe: ({ fact, orderId }) => `${fact} of order ${orderId} was not handled there`,
    },
    {
      // See isConsumer: coupon also handles refunds that do not name it.
      name: "handled-events-exist",
      says: "every handled event was published, for the service that handled it",
      sql: (scope) =>
        SERVICES.map(
          (service) => `select concat('event ', i.event_id, ' at ${service}') as item,
            coalesce(o.order_id, p.order_id) as orderId, i.consumer
            from ${scope[service]}.inbox i
            left join ${scope.order}.outbox o on o.event_id = i.event_id
              and i.consumer = concat('${service}_', replace(o.fact, '.', '_'))
              and ${isConsumer("o", service)}
            left join ${scope.pay}.outbox p on p.event_id = i.event_id
              and i.consumer = concat('${service}_', replace(p.fact, '.', '_'))
              and ${isConsumer("p", service)}
            where i.handle_time > now(3) - ${RETAINED} and o.event_id is null and p.event_id is null`,
        ).join(" union all "),
      describe: ({ consumer }) => `was handled by ${consumer}, but was never published to it`,
    },
    {
      name: "transitions-have-their-event",
      says: "each transition of an order that other services must know has exactly one event",
      sql: orderEvents,
      describe: ({ facts }) => `has the events ${facts}, which do not match its state`,
    },
    {
      name: "payments-have-their-event",
      says: "each payment that came in and each finished refund has exactly one event",
      sql: paymentEvents,
      describe: ({ succeeded, captured, refunded, done }) =>
        `has ${succeeded} events for ${captured} payments and ${refunded} for ${done} refunds`,
    },
    {
      name: "nothing-is-parked",
      says: "no message is parked",
      always: true,
      sql: (scope) =>
        SERVICES.map(
          (service) => `select concat('message ', message_key, ' of ', consumer) as item,
            null as orderId, left(error, 200) as error from ${scope[service]}.parked_messages
            where state = ${ParkedState.PARKED}`,
        ).join(" union all "),
      describe: ({ error }) => `is parked: ${String(error).split("\n")[0]}`,
    },
    identifierRule,
  ],
};

function pairs(): [Publisher, ServiceName][] {
  return PUBLISHERS.flatMap((publisher) =>
    SERVICES.map((service): [Publisher, ServiceName] => [publisher, service]),
  );
}

/**
 * Whether a service consumes an event. Coupon handles every refund: the event does not say whether
 * the order had a coupon.
 */
function isConsumer(outbox: string, service: ServiceName): string {
  const named = `find_in_set('${service}', ${outbox}.consumers) > 0`;
  return service === "coupon" ? `(${named} or ${outbox}.fact = 'order.v1.refunded')` : named;
}

function orderEvents({ order }: Scope): string {
  return `select concat('order ', o.order_id) as item, o.order_id as orderId, e.facts
    from ${order}.orders o left join (
      select order_id, group_concat(fact order by fact separator ', ') as facts,
        ${FACTS.filter(({ publisher }) => publisher === "order")
          .map(({ fact }) => `coalesce(sum(fact = '${fact}'), 0) as ${fact.split(".").at(-1)}`)
          .join(", ")}
      from ${order}.outbox group by order_id
    ) e on e.order_id = o.order_id left join (
      select order_id, sum(pay_amount_cents > 0) as requested,
        sum(${RETURNED} and late_payment_id is null) as done
      from ${order}.refunds r group by order_id
    ) r on r.order_id = o.order_id
    where o.create_time > now(3) - ${RETAINED} and (
      coalesce(e.confirmed, 0) <> (o.confirm_time is not null)
      or coalesce(e.cancelled, 0) <> (o.order_status = 3)
      or coalesce(e.paid, 0) <> (o.pay_status <> 1)
      or coalesce(e.shipped, 0) <> (o.shipping_status <> 1)
      or coalesce(e.completed, 0) <> (o.order_status in ${KEPT} and o.shipping_status = 3)
      or coalesce(e.refund_requested, 0) <> coalesce(r.requested, 0)
      or coalesce(e.refunded, 0) <> coalesce(r.done, 0))`;
}

function paymentEvents({ pay }: Scope): string {
  return `select concat('order ', order_id) as item, order_id as orderId, sum(captured) as captured,
      sum(succeeded) as succeeded, sum(done) as done, sum(refunded) as refunded
    from (
      select order_id, status in ${CAPTURED} as captured, 0 as succeeded, 0 as done, 0 as refunded,
        0 as reopens, 0 as reopened, create_time from ${pay}.payments
      union all select order_id, 0, 0, reopens + (status = ${DONE}), 0, reopens, 0, null
      from ${pay}.refunds
      union all select order_id, 0, fact = 'pay.v1.succeeded', 0, fact = 'pay.v1.refunded', 0,
        fact = 'pay.v1.refund_reopened', null
      from ${pay}.outbox
    ) x group by order_id
    having min(create_time) > now(3) - ${RETAINED}
      and (sum(captured) <> sum(succeeded) or sum(done) <> sum(refunded)
        or sum(reopens) <> sum(reopened))`;
}
