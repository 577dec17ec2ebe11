import assert from "node:assert/strict";
import { runReplay, sample, settingsOf } from "../testbed/programs/replay.ts";
import { type Shop, startShop } from "../testbed/shop/shop.ts";
import type { Result } from "./report.ts";

/** Figures of the sample that were counted without this program. */
const inSample = {
  orders: 32,
  paidCents: 812_417,
  refunds: 6,
  refundedUnits: 54,
  refundedCents: 15_935,
  points: 7_946,
  withoutOrder: { lines: 8, units: 133 },
};

describe("npm run replay -- FILE --pay", () => {
  let shop: Shop;
  before(async function () {
    this.timeout(90_000);
    shop = await startShop({ sandbox: true, gateway: true });
  });
  after(() => shop?.stop());

  const replay = (args: string[], onLine?: (line: string) => void) =>
    runReplay([sample, "--pay", ...args], {
      env: settingsOf(shop),
      ...(onLine && { onLine }),
    });

  it("pays and refunds the sample and finds the money, goods and points of the file, twice in one shop", async () => {
    for (const inFlight of ["64", "3"]) {
      const ended = await replay(["--json", "--in-flight", inFlight]);
      assert.equal(ended.code, 0, ended.stderr + ended.stdout);
      const { pay, comparison, audit } = JSON.parse(ended.stdout) as Result;
      const compared = comparison.paid;
      assert.ok(pay && compared);
      assert.deepEqual(
        {
          orders: compared.paidOrders.found,
          paidCents: compared.paidCents.found,
          refunds: pay.refunds.taken,
          refundedUnits: compared.refundedUnits.found,
          refundedCents: compared.refundedCents.found,
          points: compared.points.found,
          withoutOrder: pay.refunds.withoutOrder,
        },
        inSample,
      );
      assert.deepEqual([comparison.same, compared.same], [true, true]);
      assert.deepEqual([audit?.clean, audit?.findings], [true, []]);
      assert.ok(audit?.looked && audit.provider && audit.rules > 0);
      assert.deepEqual(compared.provider, {
        same: true,
        expected: inSample.orders,
        found: inSample.orders,
      });
      assert.deepEqual([pay.payments, pay.refused, pay.missing], [inSample.orders, 0, 0]);
      assert.deepEqual([pay.refunds.refused, pay.refunds.missing], [0, 0]);
      assert.ok(pay.paymentsPerSecond > 0 && pay.settledSeconds >= pay.seconds);
      for (const measured of [pay.callbackToPaidMs, pay.callbackToPointsMs]) {
        assert.equal(measured.count, inSample.orders);
        assert.ok(measured.p99 >= measured.p50);
      }
    }
  });

  it("comes to the same result when callbacks are duplicated, delayed, reordered and forged", async () => {
    await shop.sandbox.faults({
      duplicate: 2,
      delay_ms: 200,
      reorder: 8,
      forge: ["wrong_signature", "amount"],
    });
    try {
      const ended = await replay(["--json"]);
      assert.equal(ended.code, 0, ended.stderr + ended.stdout);
    } finally {
      await shop.sandbox.faults();
    }
  });

  it("exits with 1 and names the customer when one point is missing", async () => {
    let taken: Promise<bigint> | undefined;
    const take = async () => {
      const [user] = await shop.sql<{ userId: bigint }>(
        "user",
        `select user_id as userId from users where user_name like 'replay-%-17850'
         order by user_id desc limit 1`,
      );
      const userId = user?.userId ?? 0n;
      await shop.sql("user", "update users set points = points - 1 where user_id = ?", [userId]);
      return userId;
    };
    const ended = await replay(["--limit", "3"], (line) => {
      if (!line.startsWith("refunded:")) return;
      taken ??= take();
    });
    const userId = await taken;
    assert.equal(ended.code, 1, ended.stderr);
    assert.match(ended.stdout, /DIFFERS points of all users: \d+ instead of \d+/);
    assert.match(ended.stdout, /! customer 17850: /);
    assert.match(ended.stdout, /same {4}paid: /);
    assert.match(ended.stdout, /the audit found 1 item that breaks a rule:\n {2}! points-/);
    await shop.sql("user", "update users set points = points + 1 where user_id = ?", [userId]);
  });

  it("exits with 1 and the cause when the audit cannot run", async () => {
    const ended = await runReplay([sample, "--pay", "--limit", "1"], {
      env: { ...settingsOf(shop), SHOP_MYSQL_URL: "mysql://root@127.0.0.1:1" },
    });
    assert.equal(ended.code, 1, ended.stderr);
    assert.match(ended.stdout, /everything is the same\nTHE AUDIT COULD NOT RUN: .*ECONNREFUSED/);
  });

  it("exits with 1 and one line when the provider does not answer", async () => {
    const ended = await runReplay([sample, "--pay"], {
      env: { ...settingsOf(shop), SHOP_SANDBOX_URL: "http://127.0.0.1:1" },
    });
    assert.equal(ended.code, 1, ended.stderr);
    assert.match(ended.stderr, /^the sandbox provider does not answer at \S+:1; .*\n$/);
    assert.equal(ended.stdout, "");
  });
}).timeout(120_000);
