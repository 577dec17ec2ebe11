import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { reasonName } from "#platform/values/refusal.ts";
import type { Goods } from "#proto/shop/goods/v1/goods_pb.ts";
import { PlaceOrderRequestSchema } from "#proto/shop/order/v1/order_pb.ts";
import { token } from "../../../testbed/calls/callers.ts";
import { type RawAnswer, type RawClient, rawClient } from "../../../testbed/calls/raw-call.ts";
import {
  insertUsers,
  newGoods,
  type PlaceRequest,
  placeRequest,
} from "../../../testbed/orders/fixtures.ts";
import { quiet } from "../../../testbed/orders/snapshot.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

const CLIENTS = 64;
const SHOPPERS = 2_000;
const STOCK = 100n;

type Rush = { userId: bigint; request: PlaceRequest }[];

describe("goods in high demand", function () {
  this.timeout(startMs);
  let shop: Shop;
  let clients: RawClient[];
  before(async () => {
    shop = await sharedShop();
    clients = Array.from({ length: CLIENTS }, () => rawClient(shop.addresses.order));
  });
  after(() => {
    for (const client of clients ?? []) client.close();
  });

  /** Places the orders from all clients, each one order at a time, and counts each answer. */
  const rush = async (orders: Rush): Promise<Record<string, number>> => {
    const tokens = new Map<bigint, string>();
    for (const { userId } of orders) {
      if (!tokens.has(userId)) tokens.set(userId, await token("user", String(userId)));
    }
    const waiting = orders.values();
    const counts: Record<string, number> = {};
    const shopAs = async (client: RawClient) => {
      for (const { userId, request } of waiting) {
        const bytes = toBinary(PlaceOrderRequestSchema, create(PlaceOrderRequestSchema, request));
        const options = { token: tokens.get(userId) };
        const answer = await client.unary("/shop.order.v1.OrderService/PlaceOrder", bytes, options);
        const name = nameOf(answer);
        counts[name] = (counts[name] ?? 0) + 1;
      }
    };
    await Promise.all(clients.map(shopAs));
    return counts;
  };
  const left = async ({ goodsId }: Goods) =>
    (await shop.admin.goods.getGoods({ goodsId })).goods?.stock;
  /** The units sold, according to the stock log. */
  const taken = async ({ goodsId }: Goods) => {
    const [row] = await shop.sql<{ taken: bigint }>(
      "goods",
      "select cast(-sum(delta) as signed) as taken from stock_log where goods_id = ? and order_id is not null",
      [goodsId],
    );
    return row?.taken;
  };

  it(`are sold to exactly ${STOCK} of ${SHOPPERS} shoppers, down to the last unit`, async () => {
    const goods = await newGoods(shop, { stock: STOCK });
    const userIds = await insertUsers(shop, SHOPPERS);
    const orders = userIds.map((userId) => {
      return { userId, request: placeRequest({ userId, lines: [[goods, 1n]] }) };
    });
    const counts = await rush(orders);
    const sold = Number(STOCK);
    assert.deepEqual(counts, { OK: sold, STOCK_NOT_ENOUGH: SHOPPERS - sold });
    assert.equal(await left(goods), 0n);
    await quiet(shop);
    assert.equal(await left(goods), 0n);
    assert.equal(await taken(goods), STOCK);
    const owners = await shop.sql(
      "order",
      "select distinct user_id from orders where order_status = 2 and user_id in (?)",
      [userIds],
    );
    assert.equal(owners.length, sold);
  });

  it("are sold in twos and threes without overselling or losing a unit", async () => {
    const goods = await newGoods(shop, { stock: STOCK });
    const [userId = 0n] = await insertUsers(shop, 1);
    const orders = Array.from({ length: 400 }, (_, index) => {
      const quantity = index % 2 === 0 ? 2n : 3n;
      return { userId, request: placeRequest({ userId, lines: [[goods, quantity]] }) };
    });
    const counts = await rush(orders);
    assert.deepEqual(Object.keys(counts).sort(), ["OK", "STOCK_NOT_ENOUGH"]);
    await quiet(shop);
    const rest = await left(goods);
    assert.ok(
      rest !== undefined && rest < 2n,
      `${rest} units are left although an order of 2 was refused`,
    );
    assert.equal(await taken(goods), STOCK - rest);
  });

  it("are sold in orders of two goods, listed either way round, without a deadlock", async () => {
    const [tea, cup] = [
      await newGoods(shop, { stock: STOCK }),
      await newGoods(shop, { stock: 60n }),
    ];
    const [userId = 0n] = await insertUsers(shop, 1);
    const orders = Array.from({ length: 400 }, (_, index) => {
      const both: [Goods, bigint][] = [
        [tea, 1n],
        [cup, 1n],
      ];
      const lines = index % 2 === 0 ? both : both.reverse();
      return { userId, request: placeRequest({ userId, lines }) };
    });
    assert.deepEqual(await rush(orders), { OK: 60, STOCK_NOT_ENOUGH: 340 });
    await quiet(shop);
    assert.deepEqual([await left(tea), await left(cup)], [40n, 0n]);
  });
});

function nameOf({ code, refusal }: RawAnswer): string {
  return refusal ? reasonName(refusal.reason) : (status[code] ?? String(code));
}
