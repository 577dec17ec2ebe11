import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type Connection, createConnection } from "mysql2/promise";
import { endSessions, setPassword } from "../../../testbed/engines/accounts.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { booksBalance } from "../../../testbed/orders/books.ts";
import { newShopper, possessed, type Shopper } from "../../../testbed/orders/shoppers.ts";
import { newNamespace } from "../../../testbed/shop/namespace.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

const CONSUMERS = ["goods", "coupon", "user"] as const;
const ROTATION_MS = 8_000;
const CALLERS = 8;

describe("the database user of a shop that is at work", function () {
  this.timeout(120_000);
  const user = `shop_${randomUUID().slice(0, 8)}`;
  const password = "rotated-1";
  const namespace = newNamespace();
  let root: Connection;
  let shop: Shop;

  before(async () => {
    const uri = process.env.SHOP_MYSQL_URL ?? "";
    root = await createConnection({ uri });
    await root.query(`create user ${user} identified by '${password}'`);
    await root.query(`grant all on \`${namespace.replaceAll("_", "\\_")}\\_%\`.* to ${user}`);
    const url = Object.assign(new URL(uri), { username: user, password });
    shop = await startShop({ namespace, env: { SHOP_MYSQL_URL: url.href } });
  });
  after(async () => {
    await shop?.stop();
    await root?.query(`drop user if exists ${user}`);
    await root?.end();
  });

  async function placed(count: number): Promise<{ shopper: Shopper; orderId: bigint }[]> {
    const shoppers = await Promise.all(Array.from({ length: count }, () => newShopper(shop)));
    return Promise.all(
      shoppers.map(async (shopper) => {
        const { order } = await shopper.as.order.placeOrder(shopper.request());
        return { shopper, orderId: order?.orderId ?? 0n };
      }),
    );
  }

  const parkedIn = (service: (typeof CONSUMERS)[number]) =>
    shop.sql(service, "select * from parked_messages");

  it("may lose its right to write while events arrive: none is counted, all count later", async () => {
    const orders = await placed(10);
    const schemas = CONSUMERS.map((service) => `\`${namespace}_${service}\`.*`);
    // Rights on the pattern of names stay, so the rights are given schema by schema.
    await root.query(`revoke all on \`${namespace.replaceAll("_", "\\_")}\\_%\`.* from ${user}`);
    for (const service of ["order", "pay"]) {
      await root.query(`grant all on \`${namespace}_${service}\`.* to ${user}`);
    }
    await endSessions(root, user);
    for (const { orderId } of orders) await shop.admin.order.cancelOrder({ orderId });
    for (const service of CONSUMERS) {
      await eventually(
        () => {
          const interrupted = shop.output(service).split("not handled in an outage").length - 1;
          assert.ok(interrupted >= 3, `${service}: ${interrupted}`);
        },
        { withinMs: 40_000 },
      );
      assert.deepEqual(await parkedIn(service), [], service);
    }
    for (const schema of schemas) await root.query(`grant all on ${schema} to ${user}`);
    await booksBalance(shop);
    for (const { shopper } of orders) {
      assert.deepEqual(await shopper.possessions(), possessed({ taken: false }));
    }
    for (const service of CONSUMERS) assert.deepEqual(await parkedIn(service), [], service);
  });

  it("may get another password for 8 s under load: no answer is INTERNAL", async () => {
    const shoppers = await Promise.all(Array.from({ length: CALLERS }, () => newShopper(shop)));
    const answers = new Map<string, number>();
    const count = (answer: string) => answers.set(answer, (answers.get(answer) ?? 0) + 1);
    let running = true;
    const load = shoppers.map(async ({ as, request, userId }) => {
      const calls = [
        () => as.order.placeOrder(request({ couponId: 0n, orderAmountCents: 3_500n })),
        () => as.order.listOrders({ userId }),
        () => as.user.getUser({ userId }),
        () => as.goods.listGoods({}),
        () => as.coupon.listCoupons({ userId }),
      ];
      while (running) {
        for (const call of calls) {
          await call().then(
            () => count("ok"),
            (error: Error) => count(/\d+ [A-Z_]+(?=:)/.exec(error.message)?.[0] ?? error.message),
          );
        }
      }
    });
    try {
      await setPassword(root, user, "rotated-2");
      const endMs = performance.now() + ROTATION_MS;
      // Sessions that are open keep their login.
      while (performance.now() < endMs) await endSessions(root, user);
      await setPassword(root, user, password);
      const okBefore = answers.get("ok") ?? 0;
      await eventually(() => assert.ok((answers.get("ok") ?? 0) > okBefore + CALLERS));
    } finally {
      running = false;
      await Promise.all(load);
    }
    const codes = [...answers.keys()];
    assert.ok(codes.includes("14 UNAVAILABLE"), codes.join(", "));
    assert.deepEqual(
      codes.filter((code) => /INTERNAL|UNKNOWN/.test(code)),
      [],
      codes.join(", "),
    );
    await booksBalance(shop);
    for (const service of CONSUMERS) assert.deepEqual(await parkedIn(service), [], service);
  });
});
