import type { ServiceName } from "#proto/services.ts";
import { CAPTURED, DONE, type Group, KEPT, type Scope } from "./rule.ts";

const PUBLISHERS = ["order", "pay"] as const satisfies ServiceName[];
const SERVICES = ["goods", "coupon", "user", "order", "pay"] as const satisfies ServiceName[];
const TOLD = 3;
const PARKED = 2;
/** Finished outbox rows are kept for 7 days: what is younger than this still has its row. */
const REMEMBERED = "interval 6 day";

/** Every event was told, and had each of its effects once. */
export const eventRules: Group = {
  name: "events",
  rules: [
    {
      name: "events-are-delivered",
      says: "every outbox row is done, or young enough to be on its way",
      always: true,
      sql: (scope) =>
        PUBLISHERS.map(
          (publisher) => `select concat('event ', event_id) as item, order_id as orderId, fact,
            consumers, state from ${scope[publisher]}.outbox where state <> ${TOLD}
            and create_time < now(3) - interval ${scope.settleSeconds} second`,
        ).join(" union all "),
      tell: ({ fact, orderId, consumers, state }) =>
        `${fact} of order ${orderId} for "${consumers}" is still in state ${state}`,
    },
    {
      name: "events-had-their-effect",
      says: "a delivered event was handled by each consumer that it names",
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
              where o.state = ${TOLD} and find_in_set('${service}', o.consumers) > 0
                and i.event_id is null`,
          )
          .join(" union all "),
      tell: ({ fact, orderId }) => `${fact} of order ${orderId} was never handled there`,
    },
    {
      // A whole refund does not say whether a coupon was used: coupon looks at each of them.
      name: "effects-had-their-event",
      says: "nothing was handled that no service told, or that was not for the one that handled it",
      sql: (scope) =>
        SERVICES.map(
          (service) => `select concat('event ', i.event_id, ' at ${service}') as item,
            coalesce(o.order_id, p.order_id) as orderId, i.consumer
            from ${scope[service]}.inbox i
            left join ${scope.order}.outbox o on o.event_id = i.event_id
              and i.consumer = concat('${service}_', replace(o.fact, '.', '_'))
              and ${asked("o", service)}
            left join ${scope.pay}.outbox p on p.event_id = i.event_id
              and i.consumer = concat('${service}_', replace(p.fact, '.', '_'))
              and ${asked("p", service)}
            where i.handle_time > now(3) - ${REMEMBERED} and o.event_id is null and p.event_id is null`,
        ).join(" union all "),
      tell: ({ consumer }) => `was handled by ${consumer}, and nobody told it`,
    },
    {
      name: "changes-of-orders-are-told",
      says: "each change of an order that others must know of has exactly one event",
      sql: orderEvents,
      tell: ({ told }) => `has the events ${told}, which are not those of its state`,
    },
    {
      name: "changes-of-payments-are-told",
      says: "each payment and each refund has exactly one event",
      sql: paymentEvents,
      tell: ({ succeeded, captured, refunded, done }) =>
        `has ${succeeded} events for ${captured} payments, and ${refunded} for ${done} refunds`,
    },
    {
      name: "nothing-is-parked",
      says: "no message waits for a person",
      always: true,
      sql: (scope) =>
        SERVICES.map(
          (service) => `select concat('message ', message_key, ' of ', consumer) as item,
            null as orderId, left(error, 200) as error from ${scope[service]}.parked_messages
            where state = ${PARKED}`,
        ).join(" union all "),
      tell: ({ error }) => `is parked: ${String(error).split("\n")[0]}`,
    },
    {
      name: "identifiers-are-unique",
      says: "no number of a service stands for two things, and all are above 0",
      sql: identifiers,
      tell: ({ n }) => `stands for ${n} things`,
    },
  ],
};

function pairs(): [(typeof PUBLISHERS)[number], ServiceName][] {
  return PUBLISHERS.flatMap((publisher) =>
    SERVICES.map((service): [typeof publisher, ServiceName] => [publisher, service]),
  );
}

function asked(outbox: string, service: ServiceName): string {
  const named = `find_in_set('${service}', ${outbox}.consumers) > 0`;
  return service === "coupon" ? `(${named} or ${outbox}.fact = 'order.v1.refunded')` : named;
}

function orderEvents({ order }: Scope): string {
  const count = (fact: string) => `coalesce(sum(fact = 'order.v1.${fact}'), 0)`;
  return `select concat('order ', o.order_id) as item, o.order_id as orderId, e.told
    from ${order}.orders o left join (
      select order_id, group_concat(fact order by fact separator ', ') as told,
        ${["confirmed", "cancelled", "paid", "shipped", "completed", "refund_requested", "refunded"]
          .map((fact) => `${count(fact)} as ${fact}`)
          .join(", ")}
      from ${order}.outbox group by order_id
    ) e on e.order_id = o.order_id left join (
      select order_id, sum(pay_amount_cents > 0) as requested,
        sum(status = ${DONE} and late_payment_id is null) as done
      from ${order}.refunds group by order_id
    ) r on r.order_id = o.order_id
    where o.create_time > now(3) - ${REMEMBERED} and (
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
        create_time from ${pay}.payments
      union all select order_id, 0, 0, status = ${DONE}, 0, null from ${pay}.refunds
      union all select order_id, 0, fact = 'pay.v1.succeeded', 0, fact = 'pay.v1.refunded', null
      from ${pay}.outbox
    ) x group by order_id
    having min(create_time) > now(3) - ${REMEMBERED}
      and (sum(captured) <> sum(succeeded) or sum(done) <> sum(refunded))`;
}

/** What the identifiers of each service were given to: a number that came twice shows here, whatever it was for. */
function identifiers(scope: Scope): string {
  const given: Record<ServiceName, [table: string, column: string][]> = {
    goods: [
      ["goods", "goods_id"],
      ["stock_log", "log_id"],
    ],
    coupon: [["coupons", "coupon_id"]],
    user: [
      ["users", "user_id"],
      ["balance_log", "log_id"],
      ["point_log", "log_id"],
    ],
    order: [
      ["orders", "order_id"],
      ["refunds", "refund_id"],
      ["outbox", "event_id"],
    ],
    pay: [
      ["payments", "payment_id"],
      ["payment_log", "log_id"],
      ["callbacks", "callback_id"],
      ["outbox", "event_id"],
    ],
  };
  return SERVICES.map((service) => {
    const numbers = given[service].map(
      ([table, column]) => `select ${column} as id from ${scope[service]}.${table}`,
    );
    return `select concat('${service} ', id) as item, null as orderId, count(*) as n
      from (${numbers.join(" union all ")}) x group by id having count(*) > 1 or id <= 0`;
  }).join(" union all ");
}
