import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { createConnection } from "mysql2/promise";
import { SERVICES } from "#proto/services.ts";
import type { Report } from "../../../ops/audit/audit.ts";
import { GROUPS } from "../../../ops/audit/rules.ts";
import { openStore } from "../../../simulators/sandbox/store.ts";
import { temporaryDirectory } from "../../../testbed/engines/directories.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { auditIsClean } from "../../../testbed/orders/audit.ts";
import { newGoods, newShopper, placeRequest } from "../../../testbed/orders/fixtures.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { payFor, refund } from "./everything.ts";

const RULES = GROUPS.flatMap(({ rules }) => rules).length;

type Ended = { code: number; stdout: string; stderr: string };

describe("npm run audit", function () {
  this.timeout(120_000);
  let shop: Shop;
  let store: string;
  before(async () => {
    store = join(temporaryDirectory(), "sandbox.db");
    const env = { SHOP_SANDBOX_STORE: store };
    shop = await startShop({ sandbox: true, gateway: true, env });
  });
  after(() => shop?.stop());

  const run = (args: string[] = [], env: Record<string, string> = {}) =>
    new Promise<Ended>((resolve) => {
      const settings = {
        ...process.env,
        SHOP_NAMESPACE: shop.namespace,
        SHOP_SANDBOX_URL: shop.sandbox.url,
        ...env,
      };
      execFile(
        process.execPath,
        ["ops/audit.ts", ...args],
        { env: settings, maxBuffer: 2 ** 24 },
        (error, stdout, stderr) => {
          resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
        },
      );
    });
  const paidOrder = async () => {
    const goods = await newGoods(shop);
    const { userId, calls } = await newShopper(shop);
    const request = placeRequest({ userId, lines: [[goods, 3n]] });
    const { order } = await calls.order.placeOrder(request);
    assert.ok(order);
    return payFor(shop, order);
  };

  /** The file of a sandbox that knows nothing. */
  const emptyStore = async () => {
    const file = join(temporaryDirectory(), "empty.db");
    await openStore(file).close();
    return file;
  };

  it("exits with 0 and names every rule when all rules hold", async () => {
    await refund(shop, await paidOrder(), []);
    await auditIsClean(shop);
    const { code, stdout, stderr } = await run();
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, / ok +stock-is-sum-of-log +opening stock/);
    assert.match(stdout, new RegExp(`clean: all ${RULES} rules hold`));
  });

  it("reads the file of the sandbox instead of asking it, and says when it has neither", async () => {
    const without = await run([], { SHOP_SANDBOX_URL: "http://127.0.0.1:1" });
    assert.equal(without.code, 3);
    assert.match(without.stdout, /not seen: the payment provider's records/);
    assert.match(without.stdout, new RegExp(`INCOMPLETE: [0-9]+ of ${RULES} rules hold`));
    assert.doesNotMatch(without.stdout, /clean/);
    const file = await run(["--sandbox-store", store, "--json"], {
      SHOP_SANDBOX_URL: "http://127.0.0.1:1",
    });
    assert.equal(file.code, 0);
    const report: Report = JSON.parse(file.stdout);
    assert.ok(report.rules.every(({ looked, broken }) => looked && broken === 0));
  });

  it("needs no more than SELECT, and temporary tables to compare the provider", async () => {
    const uri = process.env.SHOP_MYSQL_URL ?? "";
    const user = `reader_${randomUUID().slice(0, 8)}`;
    const root = await createConnection({ uri });
    const url = Object.assign(new URL(uri), { username: user, password: "reader-1" });
    const env = { SHOP_MYSQL_URL: url.href };
    try {
      await root.query(`create user ${user} identified by 'reader-1'`);
      for (const service of SERVICES) {
        await root.query(`grant select on \`${shop.namespace}_${service}\`.* to ${user}`);
      }
      const reading = await run([], env);
      assert.equal(reading.code, 3, reading.stderr);
      assert.match(reading.stdout, /provider's records: .*grant it CREATE TEMPORARY TABLES/);
      const pay = `\`${shop.namespace}_pay\`.*`;
      await root.query(`grant create temporary tables on ${pay} to ${user}`);

      const comparing = await run([], env);
      assert.equal(comparing.code, 0, comparing.stdout + comparing.stderr);
    } finally {
      await root.query(`drop user if exists ${user}`);
      await root.end();
    }
  });

  it("exits with 1 and names the order whose amount differs from its payment", async () => {
    const { orderId } = await paidOrder();
    await auditIsClean(shop);
    const [{ paymentId } = { paymentId: 0n }] = await shop.sql<{ paymentId: bigint }>(
      "order",
      "select payment_id as paymentId from orders where order_id = ?",
      [orderId],
    );
    const cent = (by: number) =>
      shop.sql(
        "order",
        "update orders set pay_amount_cents = pay_amount_cents + ? where order_id = ?",
        [by, orderId],
      );
    await cent(1);
    try {
      const args = ["--quiet-seconds", "0", "--again-after", "0"];
      const { code, stdout } = await run(args);
      assert.equal(code, 1);
      assert.match(
        stdout,
        new RegExp(`BROKEN +paid-order-has-its-payment.*\n +order ${orderId}: .*${paymentId}`),
      );
      const json: Report = JSON.parse((await run([...args, "--json", "--items", "0"])).stdout);
      const rule = json.rules.find(({ name }) => name === "amounts-add-up");
      assert.deepEqual([rule?.broken, rule?.items], [1, []]);
    } finally {
      await cent(-1);
    }
  });

  it("does not report what is in motion", async () => {
    const { orderId } = await paidOrder();
    await auditIsClean(shop);
    const undo = "update orders set cancel_reason = 0 where order_id = ?";
    await shop.sql("order", "update orders set cancel_reason = 2 where order_id = ?", [orderId]);
    try {
      const young = await run(["--quiet-seconds", "3600", "--again-after", "0", "--json"]);
      assert.equal(young.code, 0);
      const report: Report = JSON.parse(young.stdout);
      const rule = report.rules.find(({ name }) => name === "fields-fit-the-state");
      assert.deepEqual([rule?.broken, rule?.inMotion], [0, 1]);
    } finally {
      await shop.sql("order", undo, [orderId]);
    }
  });

  it("exits with 3 and names a schema that is missing", async () => {
    const other = `${shop.namespace}x`;
    const services = ["goods", "user", "order", "pay"] as const;
    try {
      for (const service of services) {
        await shop.sql(service, `create database ${other}_${service}`);
        const tables = await shop.sql<{ name: string }>(
          service,
          "select table_name as name from information_schema.tables where table_schema = ?",
          [`${shop.namespace}_${service}`],
        );
        for (const { name } of tables) {
          const copy = `${other}_${service}.${name}`;
          await shop.sql(service, `create table ${copy} like ${shop.namespace}_${service}.${name}`);
        }
      }
      const { code, stdout } = await run(["--sandbox-store", await emptyStore()], {
        SHOP_NAMESPACE: other,
      });
      assert.equal(code, 3, stdout);
      assert.match(
        stdout,
        new RegExp(`not seen: the schema ${other}_coupon, which does not exist`),
      );
      assert.match(stdout, / - +coupon-/);
      assert.match(stdout, / ok +stock-is-sum-of-log/);
    } finally {
      for (const service of services) {
        await shop.sql(service, `drop database if exists ${other}_${service}`);
      }
    }
  });

  it("exits with 2 and the cause when it cannot audit", async () => {
    for (const [args, env, message] of [
      [[], { SHOP_MYSQL_URL: "mysql://root@127.0.0.1:1" }, /^cannot audit: .*ECONNREFUSED/],
      [[], { SHOP_NAMESPACE: "nosuchshop" }, /^cannot audit: .*nosuchshop/],
      [[], { SHOP_MYSQL_URL: "http://127.0.0.1" }, /SHOP_MYSQL_URL/],
      [["--sandbox-store", "/nowhere/sandbox.db"], {}, /there is no file \/nowhere\/sandbox\.db/],
      [["--items", "many"], {}, /--items must be/],
      [["--everything"], {}, /Unknown option/],
    ] as [string[], Record<string, string>, RegExp][]) {
      const { code, stdout, stderr } = await run(args, env);
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, message);
    }
    const help = await run(["--help"]);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /Exits with 0 when all rules hold/);
  });

  it("stays clean while orders are placed, paid, refunded and cancelled", async () => {
    const goods = await newGoods(shop, { stock: 100_000n });
    const shoppers = await Promise.all(
      Array.from({ length: 4 }, () => newShopper(shop, { balanceCents: 1_000_000n })),
    );
    let busy = true;
    let rounds = 0;
    const shopping = shoppers.map(async ({ userId, calls }) => {
      while (busy) {
        const orders = await Promise.all(
          [100n, 200n].map(async (balanceCents) => {
            const request = placeRequest({ userId, lines: [[goods, 2n]] }, { balanceCents });
            const { order } = await calls.order.placeOrder(request);
            assert.ok(order);
            return order;
          }),
        );
        const [first, second] = orders;
        assert.ok(first && second);
        await calls.order.cancelOrder({ orderId: second.orderId });
        const paid = await payFor(shop, first);
        await refund(shop, paid, [{ goodsId: goods.goodsId, quantity: 1n }]);
        rounds += 1;
      }
    });
    try {
      await eventually(() => assert.ok(rounds > 3));
      for (let time = 0; time < 4; time += 1) {
        const { code, stdout } = await run(["--quiet-seconds", "1", "--again-after", "1"]);
        assert.equal(code, 0, stdout);
      }
    } finally {
      busy = false;
      await Promise.all(shopping);
    }
    assert.ok(rounds > 10);
    await auditIsClean(shop);
  });
});
