import { OutboxState } from "#platform/events/outbox-table.ts";
import { ParkedState } from "#platform/events/parked.ts";
import { SERVICES } from "#proto/services.ts";
import { DONE, type Scope } from "./rule.ts";
import type { Snapshot } from "./snapshot.ts";

/** How much is in motion: of a busy shop, this much cannot be audited yet. */
export type Motion = {
  pendingOrders: number;
  changedOrders: number;
  undeliveredEvents: number;
  refundsAtProvider: number;
  failingMessages: number;
};

const CHUNK_ORDERS = 1_000;
const PENDING = 1;

/**
 * Returns those of the orders that are pending, changed in the last seconds, or have events that
 * not every consumer has confirmed.
 */
export async function ordersInMotion(
  snapshot: Snapshot,
  scope: Scope & { quietSeconds: number },
  orderIds: readonly bigint[],
): Promise<Set<bigint>> {
  const found = new Set<bigint>();
  for (let start = 0; start < orderIds.length; start += CHUNK_ORDERS) {
    const ids = orderIds.slice(start, start + CHUNK_ORDERS).join(", ");
    const undelivered = [scope.order, scope.pay].map(
      (schema) => `select order_id from ${schema}.outbox
        where state <> ${OutboxState.DONE} and order_id in (${ids})`,
    );
    const sql = [
      `select order_id from ${scope.order}.orders
       where order_id in (${ids}) and order_status = ${PENDING}`,
      `select order_id from ${scope.order}.order_history
       where order_id in (${ids}) and change_time > now(3) - interval ${scope.quietSeconds} second`,
      ...undelivered,
    ].join(" union ");
    for await (const row of snapshot.rows(sql)) found.add(BigInt(row.order_id as bigint));
  }
  return found;
}

export async function readMotion(
  snapshot: Snapshot,
  scope: Scope & { quietSeconds: number; missingSchemas?: readonly string[] | undefined },
): Promise<Motion> {
  const { order, pay, quietSeconds, missingSchemas = [] } = scope;
  const count = (from: string, what = "*") => {
    const isMissing = missingSchemas.some((schema) => from.startsWith(`${schema}.`));
    return isMissing ? "0" : `(select count(${what}) from ${from})`;
  };
  const sum = (schemas: string[], rest: string) =>
    schemas.map((schema) => count(`${schema}.${rest}`)).join(" + ");
  const all = SERVICES.map((service) => scope[service]);
  const sql = `select
    ${count(`${order}.orders where order_status = ${PENDING}`)} as pendingOrders,
    ${count(
      `${order}.order_history where change_time > now(3) - interval ${quietSeconds} second`,
      "distinct order_id",
    )} as changedOrders,
    ${sum([order, pay], `outbox where state <> ${OutboxState.DONE}`)} as undeliveredEvents,
    ${count(`${pay}.refunds where status <> ${DONE}`)} as refundsAtProvider,
    ${sum(all, `parked_messages where state = ${ParkedState.RETRYING}`)} as failingMessages`;
  for await (const row of snapshot.rows(sql)) {
    return Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, Number(value)]),
    ) as Motion;
  }
  throw new Error("the database returned no row of counts");
}
