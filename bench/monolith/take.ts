import type { OrderLine } from "../../services/order/domain/order.ts";
import { BalanceLogType } from "../../services/user/domain/balance.ts";
import { pointsFor } from "../../services/user/domain/points.ts";
import { big, RunAgain, type Transaction } from "./connections.ts";
import { cached, type Decided, isPaid } from "./write-order.ts";

// Takes coupon, balance and stock of an order. Each statement is guarded: it changes nothing when
// what was read before has changed, and the order is then placed again from the start.

const SPEND_COUPON = `update coupons set status = 2, order_id = ?, used_time = ?
  where coupon_id = ? and user_id = ? and status = 1`;
const LOG_COUPON = `insert into coupon_uses (order_id, coupon_id, user_id, goods_amount_cents,
  amount_off_cents, state, use_time) values (?, ?, ?, ?, ?, 1, ?)`;

export async function spendCoupon(tx: Transaction, order: Decided): Promise<void> {
  const { orderId, couponId, userId, now } = order;
  const spent = await tx.change(SPEND_COUPON, [big(orderId), now, big(couponId), big(userId)]);
  if (spent !== 1) throw new RunAgain("the coupon was spent meanwhile");
  await tx.change(LOG_COUPON, [
    big(orderId),
    big(couponId),
    big(userId),
    big(order.goodsAmountCents),
    big(order.couponPaidCents),
    now,
  ]);
}

const TAKE_BALANCE = `update users set balance_cents = balance_cents - ?, points = points + ?
  where user_id = ? and balance_cents >= ?`;
const LOG_BALANCE = `insert into balance_log (log_id, user_id, order_id, type, amount_cents,
    balance_after, log_time)
  select ?, user_id, ?, ${BalanceLogType.PAY}, ?, balance_cents, ? from users where user_id = ?`;
const LOG_POINTS = `insert into point_log (log_id, user_id, order_id, points, spent_cents,
  points_per_unit, log_time) values (?, ?, ?, ?, ?, 1, ?)`;

/** Deducts the balance, and awards the points of an order that it pays. */
export async function takeBalance(
  tx: Transaction,
  order: Decided,
  nextId: () => bigint,
): Promise<void> {
  const { orderId, userId, balanceCents, now } = order;
  const spentCents = isPaid(order) ? order.orderAmountCents - order.couponPaidCents : 0n;
  const points = pointsFor(spentCents, { pointsPerUnit: 1n, unitCents: 100n });
  const taken = await tx.change(TAKE_BALANCE, [
    big(balanceCents),
    big(points),
    big(userId),
    big(balanceCents),
  ]);
  if (taken !== 1) throw new RunAgain("the balance was spent meanwhile");
  const log = [big(nextId()), big(orderId), big(-balanceCents), now, big(userId)];
  await tx.change(LOG_BALANCE, log);
  if (spentCents === 0n) return;
  const ids = [big(nextId()), big(userId), big(orderId)];
  await tx.change(LOG_POINTS, [...ids, big(points), big(spentCents), now]);
}

/**
 * Lines per statement: the cost grows with their square, since each line is found by comparisons.
 */
const MAX_STATEMENT_LINES = 64;
const repeat = (sql: string, count: number) => Array.from({ length: count }, () => sql);

const takeStockSql = cached(
  (count) => `update goods force index (primary)
    set stock = stock - case goods_id ${repeat("when ? then ?", count).join(" ")} end
    where ${repeat("(goods_id = ? and unit_price_cents = ? and status = 1 and stock >= ?)", count).join(" or ")}`,
);
const logStockSql = cached(
  (count) => `insert into stock_log (log_id, goods_id, order_id, type, delta, stock_after, log_time)
    select case goods_id ${repeat("when ? then ?", count).join(" ")} end, goods_id, ?, 2,
      -case goods_id ${repeat("when ? then ?", count).join(" ")} end, stock, ?
    from goods force index (primary) where goods_id in (${repeat("?", count).join(", ")})
    order by goods_id`,
);

/**
 * Takes the stock of all lines in key order, and logs the rest. It runs last before the commit, so
 * that popular items are locked for two round trips only.
 */
export async function takeStock(
  tx: Transaction,
  order: Decided,
  nextId: () => bigint,
): Promise<void> {
  const lines = order.lines.toSorted((a, b) => (a.goodsId < b.goodsId ? -1 : 1));
  for (let start = 0; start < lines.length; start += MAX_STATEMENT_LINES) {
    const some = lines.slice(start, start + MAX_STATEMENT_LINES);
    const taken = await tx.change(takeStockSql(some.length), [
      ...quantities(some),
      ...some.flatMap((line) => [big(line.goodsId), big(line.unitPriceCents), big(line.quantity)]),
    ]);
    if (taken !== some.length) throw new RunAgain("the goods changed meanwhile");
    await tx.change(logStockSql(some.length), [
      ...some.flatMap(({ goodsId }) => [big(goodsId), big(nextId())]),
      big(order.orderId),
      ...quantities(some),
      order.now,
      ...some.map(({ goodsId }) => big(goodsId)),
    ]);
  }
}

function quantities(lines: readonly OrderLine[]) {
  return lines.flatMap(({ goodsId, quantity }) => [big(goodsId), big(quantity)]);
}
