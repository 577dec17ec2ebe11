import { setTimeout as pause } from "node:timers/promises";
import type { Shop } from "../../test/support/shop.ts";
import type { Sent } from "./send.ts";

/** Milliseconds from each callback to what followed from it, sorted; what is missing never came. */
export type Followed = { toPaidMs: number[]; toPointsMs: number[]; missing: number };

const PAID = 2;
const WAIT_MS = 60_000;
const LOOK_EVERY_MS = 500;
const CHUNK = 1_000;

/**
 * Waits for the points of these orders. Times are those that order history and point log were stamped with, by the
 * database's clock: it runs on this machine.
 */
export async function follow(shop: Shop, sent: readonly Sent[]): Promise<Followed> {
  const giveUpMs = Date.now() + WAIT_MS;
  const dueAt = new Map(sent.map(({ orderId, dueAtMs }) => [orderId, dueAtMs]));
  for (;;) {
    const points = await timesOf(shop, "user", {
      dueAt,
      sql: "select order_id as orderId, log_time as time from point_log where refund_id = 0 and order_id in (?)",
    });
    const missing = sent.length - points.length;
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
  shop: Shop,
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
