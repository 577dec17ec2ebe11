import assert from "node:assert/strict";
import type { ServiceName } from "#platform/process/common-settings.ts";
import { booksBalance, differences } from "../../support/books.ts";
import { type Shop, startShop } from "../../support/shop.ts";
import { ALL_CENTS, newShopper, ORDER_CENTS, type Shopper } from "../../support/shoppers.ts";

/** A wrong state, made by SQL past all rules, and how to take it back. `?` is the order, or the shopper where told. */
type Wrong = {
  title: string;
  service: ServiceName;
  make: string;
  undo: string;
  of: "paid" | "refused" | "shopper" | "coupon" | "goods";
  found: RegExp;
};

const wrongs: Wrong[] = [
  {
    title: "an order that is still pending",
    service: "order",
    make: "update orders set order_status = 1 where order_id = ?",
    undo: "update orders set order_status = 2 where order_id = ?",
    of: "paid",
    found: /^order: \d+ is pending/m,
  },
  {
    title: "a change that is not in the history",
    service: "order",
    make: "update orders set version = version + 1 where order_id = ?",
    undo: "update orders set version = version - 1 where order_id = ?",
    of: "paid",
    found: /its history is another one/,
  },
  {
    title: "a cent too much to pay",
    service: "order",
    make: "update orders set pay_amount_cents = pay_amount_cents + 1 where order_id = ?",
    undo: "update orders set pay_amount_cents = pay_amount_cents - 1 where order_id = ?",
    of: "paid",
    found: /has 1 left to pay instead of 0/,
  },
  {
    title: "a unit that nobody took from the stock",
    service: "goods",
    make: "update goods set stock = stock - 1 where goods_id = ?",
    undo: "update goods set stock = stock + 1 where goods_id = ?",
    of: "goods",
    found: /^goods: \d+ has a stock of/m,
  },
  {
    title: "a cancelled order that holds stock",
    service: "goods",
    make: "update stock_log set type = 4 where type = 3 and order_id = ?",
    undo: "update stock_log set type = 3 where type = 4 and order_id = ?",
    of: "refused",
    found: /^goods: order \d+ \d+ holds \d+ instead of 0/m,
  },
  {
    title: "a confirmed order whose reservation is gone",
    service: "goods",
    make: "update reservations set state = 2 where order_id = ?",
    undo: "update reservations set state = 1 where order_id = ?",
    of: "paid",
    found: /is confirmed, and not held/,
  },
  {
    title: "a coupon that is free although its order is confirmed",
    service: "coupon",
    make: "update coupons set status = 1, order_id = 0, used_time = null where order_id = ?",
    undo: "update coupons set status = 2, order_id = ?, used_time = now(3) where status = 1 and coupon_id = @",
    of: "paid",
    found: /is not used by the confirmed order/,
  },
  {
    title: "a cancelled order that holds its coupon",
    service: "coupon",
    make: "update coupon_uses set state = 1, coupon_id = coupon_id + 1 where order_id = ?",
    undo: "update coupon_uses set state = 2, coupon_id = coupon_id - 1 where order_id = ?",
    of: "refused",
    found: /^coupon: order \d+ holds \d+, and must hold none/m,
  },
  {
    title: "a cent too much on a balance",
    service: "user",
    make: "update users set balance_cents = balance_cents + 1 where user_id = ?",
    undo: "update users set balance_cents = balance_cents - 1 where user_id = ?",
    of: "shopper",
    found: /^user: \d+ has a balance of/m,
  },
  {
    title: "a refused order whose balance was given back twice",
    service: "user",
    make: "update balance_log set amount_cents = amount_cents * 2 where type = 3 and order_id = ?",
    undo: "update balance_log set amount_cents = amount_cents / 2 where type = 3 and order_id = ?",
    of: "refused",
    found: /^user: order \d+ took -\d+ and holds 0 instead of 0/m,
  },
  {
    title: "points that an order did not earn",
    service: "user",
    make: "update point_log set points = points + 1 where order_id = ?",
    undo: "update point_log set points = points - 1 where order_id = ?",
    of: "paid",
    found: /gave 31 points instead of 30/,
  },
  {
    title: "an event that nobody confirmed",
    service: "order",
    make: "update outbox set state = 2, next_at = now(3) + interval 1 day where order_id = ?",
    undo: "update outbox set state = 3, next_at = now(3) where order_id = ?",
    of: "refused",
    found: /^outbox: order\.v1\.cancelled \d+ of order \d+ for "[a-z,]+" is in state 2/m,
  },
  {
    title: "a cancellation that was never told",
    service: "order",
    make: "update outbox set order_id = -order_id where order_id = ?",
    undo: "update outbox set order_id = -order_id where order_id = -?",
    of: "refused",
    found: /^outbox: 0 events order\.v1\.cancelled of order/m,
  },
  {
    title: "an event that a consumer never had",
    service: "user",
    make: "update inbox set event_id = -event_id where consumer = 'user_order_v1_paid' or 0 = ?",
    undo: "update inbox set event_id = -event_id where event_id < 0 or 0 = ?",
    of: "paid",
    found: /^inbox: user misses order\.v1\.paid[\s\S]*^inbox: user handled -\d+ .* not for it/m,
  },
  {
    title: "a parked message",
    service: "goods",
    make: `insert into parked_messages (consumer, message_key, subject, headers, payload, state, attempts, error)
      values ('goods_order_v1_cancelled', ?, '', '{}', '', 2, 8, '')`,
    undo: "delete from parked_messages where message_key = ?",
    of: "paid",
    found: /^parked: \d+ of goods_order_v1_cancelled is parked/m,
  },
];

describe("the books that fault tests look at", function () {
  this.timeout(30_000);
  let shop: Shop;
  let shopper: Shopper;
  const ids = {} as Record<Wrong["of"], bigint>;

  before(async () => {
    shop = await startShop({ services: ["goods", "coupon", "user", "order"] });
    shopper = await newShopper(shop);
    const refused = shopper.request({ balanceCents: ORDER_CENTS });
    await assert.rejects(shopper.as.order.placeOrder(refused), /OVERPAID/);
    await booksBalance(shop);
    const paid = shopper.request({ balanceCents: ALL_CENTS });
    const { order } = await shopper.as.order.placeOrder(paid);
    await booksBalance(shop);
    const { orders } = await shopper.as.order.listOrders({ userId: shopper.userId });
    Object.assign(ids, {
      paid: order?.orderId,
      refused: orders.find(({ orderId }) => orderId !== order?.orderId)?.orderId,
      shopper: shopper.userId,
      coupon: shopper.couponId,
      goods: shopper.goodsIds[0],
    });
  });
  after(() => shop?.stop());

  for (const { title, service, make, undo, of, found } of wrongs) {
    it(`find ${title}`, async () => {
      const change = (statement: string) =>
        shop.sql(service, statement.replace("@", String(ids.coupon)), [ids[of]]);
      await change(make);
      const lines = await differences(shop);
      await change(undo);
      assert.match(lines.join("\n"), found);
      assert.deepEqual(await differences(shop), []);
    });
  }
});
