import assert from "node:assert/strict";
import { eventually } from "../../../testbed/eventually.ts";
import { booksBalance } from "../../../testbed/orders/books.ts";
import { newShopper, possessed, type Shopper } from "../../../testbed/orders/shoppers.ts";
import { runParked } from "../../../testbed/programs/parked-program.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

/** A table of each consuming service, without which it cannot handle a cancellation. */
const MISSING = [
  ["goods", "reservations"],
  ["coupon", "inbox"],
  ["user", "balance_log"],
] as const;

type Failing = { state: number; cause: number; restarts: number };
const PARKED = 2;
const BY_MESSAGE = 1;
const BY_OUTAGE = 2;

describe("messages of an outage", function () {
  this.timeout(120_000);
  let shop: Shop;
  before(async () => {
    shop = await startShop({ services: ["goods", "coupon", "user", "order", "pay"] });
  });
  after(() => shop?.stop());

  const failing = () =>
    shop.sql<Failing>("goods", "select state, cause, restarts from parked_messages");
  const rename = (from: string, to: string) =>
    shop.sql("goods", `alter table stock_log rename column ${from} to ${to}`);

  async function cancelled(count: number): Promise<Shopper[]> {
    const shoppers = await Promise.all(Array.from({ length: count }, () => newShopper(shop)));
    for (const { as, request } of shoppers) {
      const { order } = await as.order.placeOrder(request());
      await shop.admin.order.cancelOrder({ orderId: order?.orderId ?? 0n });
    }
    return shoppers;
  }

  /** Waits until as many messages are parked, without the pauses between their attempts. */
  const allParked = (count: number, restarts: number) =>
    eventually(
      async () => {
        await shop.sql("goods", "update parked_messages set attempts = 7 where state = 1");
        const rows = await failing();
        const found = rows.filter((row) => row.state === PARKED && row.restarts === restarts);
        assert.equal(found.length, count);
        assert.deepEqual(new Set(found.map(({ cause }) => cause)), new Set([BY_OUTAGE]));
      },
      { withinMs: 60_000 },
    );

  async function allHandled(shoppers: Shopper[]): Promise<void> {
    await eventually(async () => assert.deepEqual(await failing(), []), { withinMs: 30_000 });
    await booksBalance(shop);
    for (const { possessions } of shoppers) {
      assert.deepEqual(await possessions(), possessed({ taken: false }));
    }
  }

  it("are neither counted nor parked while a table is missing, and count once it is back", async () => {
    const shopper = await newShopper(shop);
    const { order } = await shopper.as.order.placeOrder(shopper.request());
    for (const [service, table] of MISSING) {
      await shop.sql(service, `rename table ${table} to ${table}_away`);
    }
    await shop.admin.order.cancelOrder({ orderId: order?.orderId ?? 0n });
    for (const [service] of MISSING) {
      await eventually(
        () => {
          const interrupted = shop.output(service).split("not handled in an outage").length - 1;
          assert.ok(interrupted >= 3, `${service}: ${interrupted}`);
        },
        { withinMs: 30_000 },
      );
      assert.deepEqual(await shop.sql(service, "select * from parked_messages"), [], service);
    }
    for (const [service, table] of MISSING) {
      await shop.sql(service, `rename table ${table}_away to ${table}`);
    }
    await booksBalance(shop);
    assert.deepEqual(await shopper.possessions(), possessed({ taken: false }));
  });

  // A missing column is a fault of the statement and not an outage by its number.
  it("restart, if they were parked, as soon as their consumer handles another one", async () => {
    // Orders are placed before, since placing them needs the column as well.
    const [parked, other] = await Promise.all([newShopper(shop), newShopper(shop)]);
    const orderIds: bigint[] = [];
    for (const { as, request } of [parked, other]) {
      orderIds.push((await as.order.placeOrder(request())).order?.orderId ?? 0n);
    }
    await rename("delta", "delta_away");
    await shop.admin.order.cancelOrder({ orderId: orderIds[0] ?? 0n });
    await allParked(1, 0);
    const { stdout, stderr } = await runParked(shop.namespace);
    assert.equal(stderr, "");
    assert.match(stdout, /restarts +without an operator/);
    await rename("delta_away", "delta");
    await shop.admin.order.cancelOrder({ orderId: orderIds[1] ?? 0n });
    await allHandled([parked, other]);
  });

  it("restart, if they were parked, after a pause where no other message comes", async () => {
    const shopper = await newShopper(shop);
    const { order } = await shopper.as.order.placeOrder(shopper.request());
    await rename("delta", "delta_away");
    await shop.admin.order.cancelOrder({ orderId: order?.orderId ?? 0n });
    await allParked(1, 0);
    const past = "update parked_messages set last_time = now(3) - interval ? second";
    await shop.sql("goods", past, [61]);
    await allParked(1, 1);
    // The second pause is twice as long.
    await shop.sql("goods", past, [121]);
    await rename("delta_away", "delta");
    await allHandled([shopper]);
  });

  it("restart too if an earlier release parked them, which kept no cause", async () => {
    const shopper = await newShopper(shop);
    const { order } = await shopper.as.order.placeOrder(shopper.request());
    await rename("delta", "delta_away");
    await shop.admin.order.cancelOrder({ orderId: order?.orderId ?? 0n });
    await allParked(1, 0);
    await shop.sql("goods", "update parked_messages set cause = 0");
    await rename("delta_away", "delta");
    await allHandled([shopper, ...(await cancelled(1))]);
  });

  it("stay parked if their consumer handled others while they failed", async () => {
    const shopper = await newShopper(shop);
    const { order } = await shopper.as.order.placeOrder(shopper.request());
    const [goodsId] = shopper.goodsIds;
    await shop.sql("goods", "update goods set goods_id = 1 where goods_id = ?", [goodsId]);
    await shop.admin.order.cancelOrder({ orderId: order?.orderId ?? 0n });
    await eventually(async () => assert.equal((await failing()).length, 1));
    const others = await cancelled(1);
    await eventually(async () => {
      assert.deepEqual(await others[0]?.possessions(), possessed({ taken: false }));
    });
    await eventually(
      async () => {
        await shop.sql("goods", "update parked_messages set attempts = 7 where state = 1");
        const [row] = await failing();
        assert.deepEqual({ ...row }, { state: PARKED, cause: BY_MESSAGE, restarts: 0 });
      },
      { withinMs: 60_000 },
    );
    // A second row, which is due, shows that the service has looked.
    await shop.sql("goods", "update parked_messages set last_time = now(3) - interval 1 day");
    await shop.sql(
      "goods",
      `insert into parked_messages (consumer, message_key, subject, headers, payload, state, attempts,
         error, last_time, cause)
       select consumer, 'due', subject, headers, payload, state, attempts, error, last_time, ?
       from parked_messages`,
      [BY_OUTAGE],
    );
    const restarts = async (condition: string) => {
      const sql = `select state, cause, restarts from parked_messages where ${condition}`;
      return (await shop.sql<Failing>("goods", sql))[0]?.restarts;
    };
    await eventually(async () => assert.equal(await restarts("message_key = 'due'"), 1));
    assert.equal(await restarts("message_key <> 'due'"), 0);
    await shop.sql("goods", "delete from parked_messages where message_key = 'due'");
    await shop.sql("goods", "update goods set goods_id = ? where goods_id = 1", [goodsId]);
    const { code } = await runParked(shop.namespace, ["--retry", "all"]);
    assert.equal(code, 0);
    await allHandled([shopper]);
  });
});
