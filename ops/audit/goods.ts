import { differing, EARLY, type Group, HELD, KEPT, RETURNED } from "./rule.ts";

/** Types of stock log rows. */
const RESERVE = 2;
const RELEASE = 3;
const RETURN = 4;

/** Opening stock and adjustments, less what orders hold, is the stock. */
export const goodsRules: Group = {
  name: "goods",
  rules: [
    {
      name: "stock-is-sum-of-log",
      says: "opening stock and adjustments, less what orders hold, is the stock",
      sql: ({ goods }) =>
        differing({
          keys: ["goods_id"],
          left: [`select goods_id, stock as n from ${goods}.goods`],
          right: [`select goods_id, sum(delta) as n from ${goods}.stock_log group by goods_id`],
          item: "concat('goods ', goods_id)",
          orderId: false,
        }),
      describe: ({ a, b }) => `has a stock of ${a}, but its log adds up to ${b}`,
    },
    {
      name: "stock-log-is-a-chain",
      says: "each movement starts from the stock that another one left, and the first from 0",
      sql: ({
        goods,
      }) => `select concat('goods ', goods_id) as item, null as orderId, min(value) as value
        from (
          select x.goods_id, x.value, sum(x.n) - coalesce(max(x.value = g.stock), 0) + (x.value = 0) as gap
          from (
            select goods_id, stock_after as value, 1 as n from ${goods}.stock_log
            union all select goods_id, stock_after - delta, -1 from ${goods}.stock_log
            union all select goods_id, stock, 0 from ${goods}.goods
            union all select goods_id, 0, 0 from ${goods}.goods
          ) x left join ${goods}.goods g on g.goods_id = x.goods_id
          group by x.goods_id, x.value having gap <> 0
        ) broken group by goods_id`,
      describe: ({ value }) => `has a gap in its log at a stock of ${value}`,
    },
    {
      name: "stock-never-negative",
      says: "no stock is below zero, and none ever was",
      sql: ({
        goods,
      }) => `select concat('goods ', goods_id) as item, null as orderId, stock as least
        from ${goods}.goods where stock < 0
        union all select concat('goods ', goods_id), null, min(stock_after)
        from ${goods}.stock_log where stock_after < 0 group by goods_id`,
      describe: ({ least }) => `had a stock of ${least}`,
    },
    {
      name: "order-holds-its-lines",
      says: "a kept order holds its lines less what a refund returned to the stock, and any other order nothing",
      sql: ({ goods, order }) =>
        differing({
          keys: ["order_id", "goods_id"],
          left: [
            `select l.order_id, l.goods_id, l.quantity as n from ${order}.order_lines l
             join ${order}.orders o on o.order_id = l.order_id where o.order_status in ${KEPT}`,
            `select l.order_id, l.goods_id, -l.quantity as n from ${order}.refund_lines l
             join ${order}.refunds r on r.refund_id = l.refund_id
             where ${RETURNED} and r.keep_stock = 0`,
          ],
          right: [
            `select order_id, goods_id, -delta as n from ${goods}.stock_log
             where order_id is not null`,
          ],
          item: "concat('order ', order_id, ', goods ', goods_id)",
        }),
      describe: ({ a, b }) => `holds ${b} units instead of ${a}`,
    },
    {
      name: "reservation-matches-the-log",
      says: "an order's reservation is held exactly while the stock log says that it has stock",
      sql: ({ goods }) => `select concat('order ', order_id) as item, order_id as orderId,
          max(state) as state, sum(held) as held
        from (
          select order_id, state, 0 as held from ${goods}.reservations
          union all select order_id, 0, -sum(delta) from ${goods}.stock_log
          where order_id is not null group by order_id
        ) x group by order_id
        having (max(state) = ${HELD}) <> (sum(held) > 0) or max(state) = ${EARLY}`,
      describe: ({ state, held }) =>
        Number(state) === EARLY
          ? "has a refund without a reservation"
          : `has ${held} units, but a reservation in state ${state}`,
    },
    {
      name: "stock-moves-once-for-an-order",
      says: "an order takes each of its goods once, and a cancellation returns it at most once",
      sql: ({ goods }) => `select concat('order ', order_id, ', goods ', goods_id) as item,
          order_id as orderId, type, count(*) as rows_, cast(sum(delta) as signed) as units
        from ${goods}.stock_log where order_id is not null and type in (${RESERVE}, ${RELEASE})
        group by order_id, goods_id, type
        having count(*) > 1 or (type = ${RESERVE} and max(delta) >= 0)
          or (type = ${RELEASE} and min(delta) <= 0)`,
      describe: ({ type, rows_, units }) =>
        `has ${rows_} movements of type ${type}, of ${units} units`,
    },
    {
      name: "stock-returns-are-refunds",
      says: "each refund returns its lines to the stock once, or keeps them out of it",
      sql: ({ goods, order }) =>
        differing({
          keys: ["order_id", "goods_id", "refund_id"],
          left: [
            `select l.order_id, l.goods_id, l.refund_id, l.quantity as n from ${order}.refund_lines l
             join ${order}.refunds r on r.refund_id = l.refund_id
             where ${RETURNED} and r.keep_stock = 0`,
          ],
          right: [
            `select order_id, goods_id, refund_id, delta as n from ${goods}.stock_log
             where type = ${RETURN}`,
          ],
          item: "concat('order ', order_id, ', refund ', refund_id, ', goods ', goods_id)",
        }),
      describe: ({ a, b }) => `returned ${b} units instead of ${a}`,
    },
  ],
};
