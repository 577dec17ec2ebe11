import type { ServiceName } from "#platform/process/common-settings.ts";
import { isKept, isPaid, type Ledger, PENDING, type Sql } from "./orders.ts";

const CONSUMERS = ["goods", "coupon", "user"] as const satisfies ServiceName[];
const DONE = 3;
const PARKED = 2;

type Event = { eventId: bigint; fact: string; orderId: bigint; consumers: string; state: number };

/** Outbox, inboxes and parked messages: every fact was told, and every telling had its effects once. */
export async function eventDifferences(sql: Sql, orders: Ledger): Promise<string[]> {
  const events = await sql<Event>(
    "order",
    `select event_id as eventId, fact, order_id as orderId, consumers, state from outbox`,
  );
  const found = factFaults(events, orders);
  for (const { eventId, fact, orderId, consumers, state } of events) {
    if (state === DONE) continue;
    found.push(
      `outbox: ${fact} ${eventId} of order ${orderId} for "${consumers}" is in state ${state}`,
    );
  }
  for (const service of CONSUMERS) {
    found.push(...(await inboxFaults(sql, service, events)), ...(await parked(sql, service)));
  }
  return found;
}

/** Each change that others must know of has exactly one event. */
function factFaults(events: readonly Event[], orders: Ledger): string[] {
  const told = new Map<string, number>();
  for (const { fact, orderId } of events) {
    const key = `${fact} ${orderId}`;
    told.set(key, (told.get(key) ?? 0) + 1);
  }
  const found: string[] = [];
  const expect = (fact: string, orderId: bigint, allowed: readonly number[]) => {
    const count = told.get(`${fact} ${orderId}`) ?? 0;
    if (!allowed.includes(count)) found.push(`outbox: ${count} events ${fact} of order ${orderId}`);
  };
  for (const order of orders.values()) {
    const { orderId } = order;
    const kept = isKept(order);
    // An order that was cancelled may have been confirmed before.
    expect("order.v1.confirmed", orderId, kept ? [1] : [0, 1]);
    expect("order.v1.paid", orderId, [isPaid(order) ? 1 : 0]);
    expect("order.v1.cancelled", orderId, [kept || order.status === PENDING ? 0 : 1]);
  }
  return found;
}

async function inboxFaults(
  sql: Sql,
  service: (typeof CONSUMERS)[number],
  events: readonly Event[],
): Promise<string[]> {
  const rows = await sql<{ eventId: bigint; consumer: string }>(
    service,
    "select event_id as eventId, consumer from inbox",
  );
  const handled = new Set(rows.map(({ eventId, consumer }) => `${eventId} ${consumer}`));
  const found: string[] = [];
  for (const { eventId, fact, consumers } of events) {
    if (!consumers.split(",").includes(service)) continue;
    const key = `${eventId} ${service}_${fact.replaceAll(".", "_")}`;
    if (!handled.delete(key)) found.push(`inbox: ${service} misses ${fact} ${eventId}`);
  }
  for (const key of handled) found.push(`inbox: ${service} handled ${key}, which is not for it`);
  return found;
}

async function parked(sql: Sql, service: ServiceName): Promise<string[]> {
  const rows = await sql<{ consumer: string; messageKey: string; state: number }>(
    service,
    "select consumer, message_key as messageKey, state from parked_messages",
  );
  return rows.map(({ consumer, messageKey, state }) => {
    const how = state === PARKED ? "is parked" : "is being tried again";
    return `parked: ${messageKey} of ${consumer} ${how}`;
  });
}
