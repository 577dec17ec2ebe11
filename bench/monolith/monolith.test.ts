import assert from "node:assert/strict";
import { jetstreamManager } from "@nats-io/jetstream";
import { type Client, createClient } from "#platform/rpc/clients.ts";
import { Reason } from "#platform/values/refusal.ts";
import { type Order, OrderService, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { token } from "../../testbed/calls/callers.ts";
import { outcome, refused } from "../../testbed/calls/refused.ts";
import { eventually } from "../../testbed/eventually.ts";
import { newId, type PlaceRequest, placeRequest } from "../../testbed/orders/fixtures.ts";
import { openSchemas, type Schemas } from "../../testbed/shop/schemas.ts";
import { connectToBroker } from "../../testbed/shop/streams.ts";
import type { Catalog } from "../target.ts";
import { monolith } from "./monolith.ts";

const SHOPPERS = 40;
const PIECES = 100n;
const MANY = 1_000_000n;
const COUPON_CENTS = 300n;

type Item = Catalog["goods"][number];
type Counts = Record<string, number>;

describe("the monolith", function () {
  this.timeout(120_000);
  let running: Awaited<ReturnType<ReturnType<typeof monolith>["start"]>>;
  let orders: Client<typeof OrderService>;
  let schemas: Schemas;
  let catalog: Catalog;

  before(async () => {
    catalog = await smallCatalog();
    const engines = {
      mysqlUrl: process.env.SHOP_MYSQL_URL ?? "",
      natsUrl: process.env.SHOP_NATS_URL ?? "",
      mysqlPid: 0,
      natsPid: 0,
    };
    running = await monolith().start(engines, catalog);
    orders = createClient(OrderService, {
      address: running.orderAddress,
      tls: undefined,
      timeoutMs: 30_000,
    });
    schemas = openSchemas(running.namespace);
  });
  after(async () => {
    orders?.close();
    await schemas?.close();
    await running?.stop();
  });

  const item = (index: number): Item => catalog.goods[index] as Item;
  const shopper = (index: number) => catalog.shoppers[index] as Catalog["shoppers"][number];
  const requestOf = (index: number, lines: [Item, bigint][], fields: Partial<PlaceRequest> = {}) =>
    placeRequest({ userId: shopper(index).userId, lines }, fields);
  const place = async (index: number, request: PlaceRequest): Promise<Order> => {
    const { order } = await orders.placeOrder(request, { token: shopper(index).token });
    assert.ok(order);
    return order;
  };
  const count = async (calls: Promise<unknown>[]): Promise<Counts> => {
    const counts: Counts = {};
    for (const name of await Promise.all(calls.map(outcome))) {
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  };
  const one = async <T>(sql: string, parameters: unknown[] = []): Promise<T> => {
    const [row] = await schemas.sql<T>("order", sql, parameters);
    assert.ok(row);
    return row;
  };

  it("sells exactly 100 of 100 pieces, to baskets in either order of lines", async () => {
    const [wanted, beside] = [item(0), item(1)];
    const calls = Array.from({ length: 300 }, (_, turn) => {
      const lines: [Item, bigint][] = [
        [wanted, 1n],
        [beside, 2n],
      ];
      return place(turn % SHOPPERS, requestOf(turn % SHOPPERS, turn % 2 ? lines : lines.reverse()));
    });
    assert.deepEqual(await count(calls), { ok: 100, STOCK_NOT_ENOUGH: 200 });
    const log = await schemas.sql<{ stockAfter: bigint }>(
      "order",
      "select stock_after as stockAfter from stock_log where goods_id = ? and type = 2",
      [wanted.goodsId],
    );
    const left = log.map(({ stockAfter }) => Number(stockAfter)).sort((a, b) => a - b);
    assert.deepEqual(
      left,
      Array.from({ length: 100 }, (_, index) => index),
    );
    const rows = await one<{ sold: bigint; orders: bigint }>(
      `select count(*) as sold, count(distinct l.order_id) as orders
       from order_lines l join orders o on o.order_id = l.order_id where goods_id = ?`,
      [wanted.goodsId],
    );
    assert.deepEqual(rows, { sold: 100n, orders: 100n });
  });

  it("spends a coupon once", async () => {
    const [coupon] = catalog.coupons;
    assert.ok(coupon);
    const couponId = coupon.couponId;
    const calls = Array.from({ length: 40 }, () =>
      place(0, requestOf(0, [[item(2), 1n]], { couponId })),
    );
    assert.deepEqual(await count(calls), { ok: 1, COUPON_ALREADY_USED: 39 });
    const order = await one<{ paid: bigint; less: bigint }>(
      `select coupon_paid_cents as paid, order_amount_cents - pay_amount_cents as less
       from orders where coupon_id = ?`,
      [couponId],
    );
    assert.deepEqual(order, { paid: COUPON_CENTS, less: COUPON_CENTS });
    const uses = await schemas.sql("order", "select 1 from coupon_uses where coupon_id = ?", [
      couponId,
    ]);
    assert.equal(uses.length, 1);
    const strange = place(1, requestOf(1, [[item(2), 1n]], { couponId }));
    await refused(strange, Reason.COUPON_NOT_FOUND);
  });

  it("never deducts more balance than a user has", async () => {
    const { userId, balanceCents } = shopper(2);
    const calls = Array.from({ length: 40 }, () =>
      place(2, requestOf(2, [[item(2), 1n]], { balanceCents: balanceCents / 10n })),
    );
    assert.deepEqual(await count(calls), { ok: 10, BALANCE_NOT_ENOUGH: 30 });
    const user = await one(
      `select u.balance_cents as balance, cast(sum(l.amount_cents) as signed) as log,
         min(l.balance_after) as least
       from users u join balance_log l on l.user_id = u.user_id where u.user_id = ?`,
      [userId],
    );
    assert.deepEqual(user, { balance: 0n, log: 0n, least: 0n });
  });

  it("pays an order that the balance covers, and awards its points", async () => {
    const amount = 2n * item(2).unitPriceCents + 1_000n;
    const order = await place(3, requestOf(3, [[item(2), 2n]], { balanceCents: amount }));
    assert.equal(order.payStatus, PayStatus.PAID);
    assert.equal(order.payAmountCents, 0n);
    const facts = await schemas.sql<{ fact: string }>(
      "order",
      "select fact from outbox where order_id = ? order by event_id",
      [order.orderId],
    );
    assert.deepEqual(
      facts.map(({ fact }) => fact),
      ["order.v1.confirmed", "order.v1.paid"],
    );
    const { points } = await one<{ points: bigint }>("select points from users where user_id = ?", [
      shopper(3).userId,
    ]);
    assert.equal(points, amount / 100n);
  });

  it("answers repeated requests with the same order, concurrent or later", async () => {
    const request = requestOf(4, [[item(3), 1n]]);
    const placed = await Promise.all(Array.from({ length: 20 }, () => place(4, request)));
    placed.push(await place(4, request));
    for (const order of placed) assert.deepEqual(order, placed[0]);
    const other = { ...request, address: { ...request.address, text: "Elsewhere 1" } };
    await refused(place(4, other), Reason.REQUEST_ID_REUSED);
    // Only one piece was in stock, so that the repeated requests found none.
    const { stock } = await one<{ stock: bigint }>("select stock from goods where goods_id = ?", [
      item(3).goodsId,
    ]);
    assert.equal(stock, 0n);
  });

  it("writes nothing for a refused order", async () => {
    const tables = ["orders", "order_lines", "order_history", "outbox", "stock_log", "coupon_uses"];
    const rows = () =>
      Promise.all(tables.map((table) => one(`select count(*) as n from ${table}`)));
    const before = await rows();
    const priced = { ...item(2), unitPriceCents: item(2).unitPriceCents + 1n };
    const unknown = { ...item(2), goodsId: newId() };
    const lines = (of: Item): [Item, bigint][] => [
      [item(4), 1n],
      [of, 1n],
    ];
    await refused(place(5, requestOf(5, lines(priced))), Reason.GOODS_PRICE_CHANGED);
    await refused(place(5, requestOf(5, lines(unknown))), Reason.GOODS_NOT_FOUND);
    await refused(place(5, requestOf(6, lines(item(2)))), Reason.USER_NOT_FOUND);
    await refused(orders.placeOrder(requestOf(5, lines(item(2)))), Reason.UNAUTHENTICATED);
    assert.deepEqual(await rows(), before);
  });

  it("places an order with more lines than one statement takes", async () => {
    const lines = catalog.goods.slice(5).map((goods): [Item, bigint] => [goods, 3n]);
    const order = await place(7, requestOf(7, lines.toReversed()));
    assert.equal(order.lines.length, lines.length);
    const { units } = await one<{ units: bigint }>(
      "select cast(-sum(delta) as signed) as units from stock_log where order_id = ?",
      [order.orderId],
    );
    assert.equal(units, 3n * BigInt(lines.length));
  });

  it("keeps books that add up, and publishes all events of the outbox", async () => {
    const calls = Array.from({ length: 200 }, (_, turn) => {
      const index = 8 + (turn % (SHOPPERS - 8));
      const lines = [0, 1, 2].slice(0, 1 + (turn % 3)).map((step): [Item, bigint] => {
        return [item(5 + ((turn * 7 + step * 11) % 20)), BigInt(1 + step)];
      });
      const balanceCents = turn % 5 === 0 ? 10n : 0n;
      return place(index, requestOf(index, lines, { balanceCents }));
    });
    assert.deepEqual(await count(calls), { ok: 200 });
    const wrong = await schemas.sql(
      "order",
      `select goods_id from goods g
       where stock <> (select sum(delta) from stock_log l where l.goods_id = g.goods_id)
       union all select user_id from users u
       where balance_cents <> (select sum(amount_cents) from balance_log b where b.user_id = u.user_id)
       union all select order_id from orders o
       where goods_amount_cents <> (select sum(quantity * unit_price_cents) from order_lines l
           where l.order_id = o.order_id)
         or pay_amount_cents <> order_amount_cents - coupon_paid_cents - balance_paid_cents
         or version <> (select count(*) from order_history h where h.order_id = o.order_id)
         or version <> (select count(*) from outbox e where e.order_id = o.order_id)
       union all select o.order_id from orders o join order_lines l on l.order_id = o.order_id
         left join stock_log s on s.order_id = o.order_id and s.goods_id = l.goods_id and s.type = 2
       where s.delta is null or s.delta <> -l.quantity`,
    );
    assert.deepEqual(wrong, []);
    await eventually(async () => {
      const waiting = await schemas.sql("order", "select 1 from outbox where state <> 3 limit 1");
      assert.deepEqual(waiting, []);
    });
    const { events } = await one<{ events: bigint }>("select count(*) as events from outbox");
    const connection = await connectToBroker();
    const { streams } = await jetstreamManager(connection);
    const { state } = await streams.info(`${running.namespace.toUpperCase()}_ORDER`);
    await connection.close();
    assert.equal(BigInt(state.messages), events);
  });
});

/**
 * Items 0 and 1 are in all baskets of a test, item 3 has a single piece, and from 5 on there are
 * more than one statement takes.
 */
async function smallCatalog(): Promise<Catalog> {
  const stocks = [PIECES, MANY, MANY, 1n, MANY, ...Array.from({ length: 100 }, () => MANY)];
  const goods = stocks.map((stock) => ({ goodsId: newId(), unitPriceCents: 500n, stock }));
  const shoppers = await Promise.all(
    Array.from({ length: SHOPPERS }, async () => {
      const userId = newId();
      return { userId, balanceCents: 10_000n, token: await token("user", String(userId)) };
    }),
  );
  const coupon = { amountOffCents: COUPON_CENTS, minimumGoodsAmountCents: 0n };
  const coupons = shoppers.map(({ userId }) => ({ couponId: newId(), userId, ...coupon }));
  return { goods, shoppers, coupons };
}
