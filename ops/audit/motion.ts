import type { Look } from "./database.ts";
import { DONE, type Scope } from "./rule.ts";

/** What is under way, so that an audit of a busy shop tells how much of it cannot be judged yet. */
export type Motion = {
  pendingOrders: number;
  changedOrders: number;
  undeliveredEvents: number;
  refundsAtThePlatform: number;
  failingMessages: number;
};

const CHUNK = 1_000;
const DELIVERED = 3;
const RETRIED = 1;

/** Which of these orders are pending, changed in the last seconds, or have events that not all consumers have. */
export async function ordersInMotion(
  look: Look,
  scope: Scope & { quietSeconds: number },
  orderIds: readonly bigint[],
): Promise<Set<bigint>> {
  const found = new Set<bigint>();
  for (let start = 0; start < orderIds.length; start += CHUNK) {
    const these = orderIds.slice(start, start + CHUNK).join(", ");
    const undelivered = [scope.order, scope.pay].map(
      (schema) => `select order_id from ${schema}.outbox
        where state in (1, 2) and order_id in (${these})`,
    );
    const sql = [
      `select order_id from ${scope.order}.orders where order_id in (${these}) and order_status = 1`,
      `select order_id from ${scope.order}.order_history
       where order_id in (${these}) and change_time > now(3) - interval ${scope.quietSeconds} second`,
      ...undelivered,
    ].join(" union ");
    for await (const row of look.rows(sql)) found.add(BigInt(row.order_id as bigint));
  }
  return found;
}

export async function readMotion(
  look: Look,
  scope: Scope & { quietSeconds: number },
): Promise<Motion> {
  const { order, pay, goods, coupon, user, quietSeconds } = scope;
  const count = (from: string) => `(select count(*) from ${from})`;
  const sum = (schemas: string[], rest: string) =>
    schemas.map((schema) => count(`${schema}.${rest}`)).join(" + ");
  const all = [goods, coupon, user, order, pay];
  const sql = `select
    ${count(`${order}.orders where order_status = 1`)} as pendingOrders,
    (select count(distinct order_id) from ${order}.order_history
      where change_time > now(3) - interval ${quietSeconds} second) as changedOrders,
    ${sum([order, pay], `outbox where state <> ${DELIVERED}`)} as undeliveredEvents,
    ${count(`${pay}.refunds where status <> ${DONE}`)} as refundsAtThePlatform,
    ${sum(all, `parked_messages where state = ${RETRIED}`)} as failingMessages`;
  for await (const row of look.rows(sql)) {
    return Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, Number(value)]),
    ) as Motion;
  }
  throw new Error("the database counts nothing");
}
