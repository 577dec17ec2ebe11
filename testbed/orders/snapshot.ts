import assert from "node:assert/strict";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { eventually } from "../eventually.ts";
import type { Row } from "../shop/schemas.ts";
import type { Shop } from "../shop/shop.ts";

/**
 * Everything that an order can take or change, from all five schemas. Two equal snapshots mean that
 * nothing was lost or gained in between.
 */
type Snapshot = Record<string, Row[]>;

const HELD = "state = 1";
const QUESTIONS: [name: string, service: ServiceName, sql: string][] = [
  ["stock", "goods", "select goods_id, stock, status from goods order by 1"],
  ["stock held", "goods", `select order_id from reservations where ${HELD} order by 1`],
  [
    "stock log",
    "goods",
    "select goods_id, sum(delta) as delta from stock_log group by 1 order by 1",
  ],
  ["coupons", "coupon", "select coupon_id, status, order_id, used_time from coupons order by 1"],
  ["coupons held", "coupon", `select order_id from coupon_uses where ${HELD} order by 1`],
  ["users", "user", "select user_id, balance_cents, points from users order by 1"],
  [
    "balance held",
    "user",
    `select order_id from balance_holds where ${HELD} and amount_cents > 0 order by 1`,
  ],
  [
    "balance log",
    "user",
    "select user_id, sum(amount_cents) as cents from balance_log group by 1 order by 1",
  ],
  ["points", "user", "select user_id, sum(points) as points from point_log group by 1 order by 1"],
  [
    "living orders",
    "order",
    "select order_id, order_status, pay_status, shipping_status from orders where order_status <> 3 order by 1",
  ],
  ["refunds", "order", "select refund_id, status from refunds order by 1"],
  ["payments", "pay", "select payment_id, status, refunded_cents from payments order by 1"],
];

export async function snapshot(shop: Pick<Shop, "sql">): Promise<Snapshot> {
  const answers = QUESTIONS.map(async ([name, service, statement]) => {
    return [name, await shop.sql(service, statement)];
  });
  return Object.fromEntries(await Promise.all(answers));
}

/** Resolves when no order is being placed and every event has had its effect at every consumer. */
export function quiet(shop: Pick<Shop, "sql">, options: { withinMs?: number } = {}): Promise<void> {
  return eventually(async () => {
    const pending = await shop.sql("order", "select order_id from orders where order_status = 1");
    assert.deepEqual(pending, [], "orders are still being placed");
    // A row in state 3 has reached all its consumers.
    const published =
      "select event_id as eventId, consumers from outbox where consumers <> '' and state <> 3";
    const outboxes = (["order", "pay"] as const).map((publisher) =>
      shop.sql<{ eventId: bigint; consumers: string }>(publisher, published),
    );
    const open = (await Promise.all(outboxes)).flat();
    for (const service of SERVICES) {
      const wanted = open
        .filter(({ consumers }) => consumers.split(",").includes(service))
        .map(({ eventId }) => eventId);
      if (wanted.length === 0) continue;
      const had = await shop.sql<{ eventId: bigint }>(
        service,
        "select event_id as eventId from inbox where event_id in (?)",
        [wanted],
      );
      const known = new Set(had.map(({ eventId }) => eventId));
      const missing = wanted.filter((id) => !known.has(id));
      assert.deepEqual(missing, [], `events have not reached ${service}`);
    }
  }, options);
}
