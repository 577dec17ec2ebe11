import assert from "node:assert/strict";
import { eventually } from "../../../testbed/eventually.ts";
import { booksBalance, differences } from "../../../testbed/orders/books.ts";
import {
  newShopper,
  ORDER_CENTS,
  possessed,
  type Shopper,
} from "../../../testbed/orders/shoppers.ts";
import { runParked } from "../../../testbed/programs/parked-program.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

/** Eight attempts with growing pauses; the relay's repeated publications shorten the wait. */
const PARKED_WITHIN_MS = 75_000;

type Listed = {
  service: string;
  consumer: string;
  key: string;
  state: string;
  attempts: number;
  error: string;
  payload: string;
  headers: Record<string, string>;
};

describe("a message whose handler always fails", function () {
  this.timeout(120_000);
  let shop: Shop;
  let shopper: Shopper;
  let neighbours: Shopper[];
  let orderId: bigint;
  /** Goods that are missing when the order's cancellation returns their stock. */
  let goodsId: bigint;

  before(async () => {
    shop = await startShop({ services: ["goods", "coupon", "user", "order", "pay"] });
    shopper = await newShopper(shop);
    goodsId = shopper.goodsIds[0];
    neighbours = await Promise.all(Array.from({ length: 5 }, () => newShopper(shop)));
    const orderIds: bigint[] = [];
    for (const { as, request } of [neighbours[0], shopper, ...neighbours.slice(1)] as Shopper[]) {
      const { order } = await as.order.placeOrder(request());
      orderIds.push(order?.orderId ?? 0n);
    }
    orderId = orderIds[1] ?? 0n;
    await shop.sql("goods", "update goods set goods_id = ? where goods_id = ?", [1n, goodsId]);
    // All cancellations wait while goods is frozen, so that they arrive in one batch.
    shop.freeze("goods");
    for (const id of orderIds) await shop.admin.order.cancelOrder({ orderId: id });
    await eventually(async () => {
      const unsent = await shop.sql("order", "select event_id from outbox where state = 1");
      assert.deepEqual(unsent, []);
    });
    shop.thaw("goods");
  });
  after(() => shop?.stop());

  const list = async (): Promise<Listed[]> => {
    const ran = await runParked(shop.namespace, ["--json"]);
    assert.equal(ran.code, 0, ran.stderr);
    return JSON.parse(ran.stdout);
  };
  let key = "";

  it("is handled alone, so that the others of its batch have their effect at once", async () => {
    await eventually(
      async () => {
        for (const { possessions } of neighbours) {
          assert.deepEqual(await possessions(), possessed({ taken: false }));
        }
      },
      { withinMs: 5_000 },
    );
  });

  it("is retried with pauses while other messages have their effect once", async () => {
    await eventually(async () => assert.equal((await list())[0]?.state, "retrying"));
    for (let round = 0; round < 5; round += 1) {
      const other = await newShopper(shop);
      const refused = other.as.order.placeOrder(other.request({ balanceCents: ORDER_CENTS }));
      await assert.rejects(refused, /OVERPAID/);
      await eventually(
        async () => assert.deepEqual(await other.possessions(), possessed({ taken: false })),
        { withinMs: 5_000 },
      );
    }
    const [failing] = await list();
    assert.equal(failing?.state, "retrying");
    assert.ok(failing.attempts < 8, "attempts are paused");
  });

  it("is parked after eight attempts with its payload and the error", async () => {
    const [parked, ...others] = await eventually(
      async () => {
        const found = await list();
        assert.equal(found[0]?.state, "parked");
        return found;
      },
      { withinMs: PARKED_WITHIN_MS },
    );
    assert.ok(parked && others.length === 0);
    assert.equal(parked.service, "goods");
    assert.equal(parked.consumer, "goods_order_v1_cancelled");
    assert.equal(parked.attempts, 8);
    assert.match(
      parked.error,
      new RegExp(`goods ${goodsId} do not exist, but order ${orderId} holds`),
    );
    assert.equal(parked.headers["Shop-Order-Id"], String(orderId));
    const [event] = await shop.sql<{ payload: Buffer; id: bigint }>(
      "order",
      "select payload, event_id as id from outbox where order_id = ? and fact = 'order.v1.cancelled'",
      [orderId],
    );
    assert.equal(parked.payload, event?.payload.toString("base64"));
    key = parked.key;
    assert.equal(key, String(event?.id));
  });

  it("is listed with the command that retries it", async () => {
    const { stdout, code } = await runParked(shop.namespace);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^${key}  parked$`, "m"));
    assert.match(stdout, /service +goods, consumer goods_order_v1_cancelled/);
    assert.match(stdout, /error +Error: goods \d+ do not exist, but order \d+ holds/);
    assert.match(stdout, /npm run parked -- --retry KEY redelivers/);
  });

  it("is parked again when it is retried before its cause is fixed", async () => {
    const { code, stdout } = await runParked(shop.namespace, ["--retry", key]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`redelivered: ${key} to goods_order_v1_cancelled`));
    await eventually(async () => {
      const [found] = await list();
      assert.equal(found?.state, "retrying");
      assert.ok(found.attempts > 0 && found.attempts < 8, "attempts are counted anew");
    });
    // The relay considers it done and does not repeat it: seven pauses would take a minute.
    await shop.sql("goods", "update parked_messages set attempts = 7");
    await eventually(async () => assert.equal((await list())[0]?.state, "parked"));
  });

  it("has its effect once when it is retried after the fix, and is no longer listed", async () => {
    assert.notDeepEqual(await differences(shop), []);
    await shop.sql("goods", "update goods set goods_id = ? where goods_id = ?", [goodsId, 1n]);
    const runs = [1, 2, 3].map(() => runParked(shop.namespace, ["--retry", key]));
    for (const { code, stderr } of await Promise.all(runs)) {
      // Another run, or a late delivery by the broker, may have been first.
      assert.ok(code === 0 || stderr === `no message has the key ${key}\n`, stderr);
    }
    await eventually(async () => assert.deepEqual(await list(), []), { withinMs: 10_000 });
    await booksBalance(shop);
    assert.deepEqual(await shopper.possessions(), possessed({ taken: false }));
    const { stdout } = await runParked(shop.namespace);
    assert.equal(stdout, "no message is parked\n");
  });

  it("is not found under another key; wrong options and settings are reported", async () => {
    const unknown = await runParked(shop.namespace, ["--retry", "4711"]);
    assert.deepEqual([unknown.code, unknown.stderr], [1, "no message has the key 4711\n"]);
    const wrong = await runParked(shop.namespace, ["--restart"]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--restart/);
    const faulty = await runParked(shop.namespace, [], { SHOP_MYSQL_URL: "nowhere" });
    assert.equal(faulty.code, 2);
    assert.match(faulty.stderr, /SHOP_MYSQL_URL/);
    const all = await runParked(shop.namespace, ["--retry", "all"]);
    assert.deepEqual([all.code, all.stdout], [0, "no message is parked\n"]);
  });
});
