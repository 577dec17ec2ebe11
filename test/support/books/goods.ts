import { isKept, type Ledger, type Sql } from "./orders.ts";

const RESERVE = 2;
const RELEASE = 3;
const HELD = 1;

/** Stock, its log, and what orders hold of it. */
export async function goodsDifferences(sql: Sql, orders: Ledger): Promise<string[]> {
  return [...(await stockFaults(sql)), ...(await holdFaults(sql, orders))].map(
    (fault) => `goods: ${fault}`,
  );
}

async function stockFaults(sql: Sql): Promise<string[]> {
  const goods = await sql<{ goodsId: bigint; stock: bigint; logged: bigint; lowest: bigint }>(
    "goods",
    `select g.goods_id as goodsId, g.stock, cast(coalesce(sum(l.delta), 0) as signed) as logged,
       cast(coalesce(min(l.stock_after), 0) as signed) as lowest
     from goods g left join stock_log l on l.goods_id = g.goods_id group by g.goods_id, g.stock`,
  );
  return goods.flatMap(({ goodsId, stock, logged, lowest }) => [
    ...(stock === logged ? [] : [`${goodsId} has a stock of ${stock}, its log says ${logged}`]),
    ...(stock < 0n || lowest < 0n ? [`${goodsId} was below zero`] : []),
  ]);
}

async function holdFaults(sql: Sql, orders: Ledger): Promise<string[]> {
  const rows = await sql<{ orderId: bigint; goodsId: bigint; taken: bigint }>(
    "goods",
    `select order_id as orderId, goods_id as goodsId, cast(-sum(delta) as signed) as taken from stock_log
     where type in (${RESERVE}, ${RELEASE}) group by order_id, goods_id`,
  );
  const held = new Map<string, bigint>();
  for (const { orderId, goodsId, taken } of rows) held.set(`${orderId} ${goodsId}`, taken);
  const found: string[] = [];
  for (const order of orders.values()) {
    for (const [goodsId, quantity] of order.lines) {
      const key = `${order.orderId} ${goodsId}`;
      const taken = held.get(key) ?? 0n;
      held.delete(key);
      const due = isKept(order) ? quantity : 0n;
      if (taken !== due) found.push(`order ${key} holds ${taken} instead of ${due}`);
    }
  }
  for (const [key, taken] of held) {
    if (taken !== 0n) found.push(`order ${key} holds ${taken}, which no line of it names`);
  }
  const ledger = await sql<{ orderId: bigint }>(
    "goods",
    `select order_id as orderId from reservations where state = ${HELD}`,
  );
  const reserved = new Set(ledger.map(({ orderId }) => orderId));
  for (const orderId of reserved) {
    if (!isKept(orders.get(orderId))) found.push(`order ${orderId} is held, and is not confirmed`);
  }
  for (const order of orders.values()) {
    if (isKept(order) && !reserved.has(order.orderId)) {
      found.push(`order ${order.orderId} is confirmed, and not held`);
    }
  }
  return found;
}
