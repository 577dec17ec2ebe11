import { setTimeout as pause } from "node:timers/promises";
import type { RunningShop } from "../shop/shop.ts";

/** Milliseconds from each callback to its effects, sorted. `missing`: callbacks without points. */
export type Followed = { toPaidMs: number[]; toPointsMs: number[]; missing: number };

type Sql = Pick<RunningShop, "sql">;

const PAID = 2;
const ACCEPTED = 1;
const WAIT_MS = 60_000;
const LOOK_EVERY_MS = 500;
const CHUNK = 1_000;

/**
 * Waits for the points of these orders. Times are those of order history and point log, by the
 * database's clock, which is this machine's.
 */
export async function follow(
  shop: Sql,
  due: readonly { orderId: bigint; dueAtMs: number }[],
): Promise<Followed> {
  const giveUpMs = Date.now() + WAIT_MS;
  const dueAt = new Map(due.map(({ orderId, dueAtMs }) => [orderId, dueAtMs]));
  for (;;) {
    const points = await timesOf(shop, "user", {
      dueAt,
      sql: "select order_id as orderId, log_time as time from point_log where refund_id = 0 and order_id in (?)",
    });
    const missing = due.length - points.length;
    if (missing === 0 || Date.now() > giveUpMs) {
      const paid = await timesOf(shop, "order", {
        dueAt,
        sql: `select order_id as orderId, min(change_time) as time from order_history
          where pay_status = ${PAID} and order_id in (?) group by order_id`,
      });
      return { toPaidMs: paid, toPointsMs: points, missing };
    }
    await pause(LOOK_EVERY_MS);
  }
}

async function timesOf(
  shop: Sql,
  service: "order" | "user",
  { dueAt, sql }: { dueAt: Map<bigint, number>; sql: string },
): Promise<number[]> {
  const orderIds = [...dueAt.keys()];
  const times: number[] = [];
  for (let start = 0; start < orderIds.length; start += CHUNK) {
    const rows = await shop.sql<{ orderId: bigint; time: Date }>(service, sql, [
      orderIds.slice(start, start + CHUNK),
    ]);
    for (const { orderId, time } of rows) times.push(time.getTime() - (dueAt.get(orderId) ?? 0));
  }
  return times.sort((a, b) => a - b);
}

/**
 * Follows all callbacks that were accepted since a moment, from the time at which pay recorded
 * them.
 */
export async function followAll({ sql }: Sql, sinceMs: number): Promise<Followed> {
  const accepted = await sql<{ orderId: bigint; time: Date }>(
    "pay",
    `select p.order_id as orderId, min(c.receive_time) as time from callbacks c
     join payments p on p.payment_id = c.payment_id
     where c.verdict = ${ACCEPTED} and c.source = 1 and c.receive_time >= ? group by p.order_id`,
    [new Date(sinceMs)],
  );
  const due = accepted.map(({ orderId, time }) => ({ orderId, dueAtMs: time.getTime() }));
  return follow({ sql }, due);
}
