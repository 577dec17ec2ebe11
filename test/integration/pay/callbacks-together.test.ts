import assert from "node:assert/strict";
import { createConnection } from "mysql2/promise";
import { PaymentStatus } from "#proto/shop/pay/v1/pay_pb.ts";
import { noticeOf } from "../../../testbed/orders/notices.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import { callBack, openPayment, rowsOf, startPayShop, whenPayment } from "./pay-shop.ts";

const { OPEN, SUCCEEDED } = PaymentStatus;
const SUCCESS = { status: 200, text: "success" };

function at<T>(list: readonly T[], index: number): T {
  return list[index] ?? assert.fail();
}

describe("callbacks that arrive at the same moment", function () {
  this.timeout(60_000);
  let shop: Shop;
  before(async () => {
    shop = await startPayShop();
  });
  after(() => shop?.stop());

  const openPayments = async (number: number) => {
    const opened = await Promise.all(Array.from({ length: number }, () => openPayment(shop)));
    return opened.map(({ payment }) => payment);
  };
  const statusAndEvents = async (paymentId: bigint) => {
    const { status, succeeded } = await rowsOf(shop, paymentId);
    return { status, succeeded };
  };

  it("each have their own answer and effect", async () => {
    const payments = await openPayments(16);
    const [repeated, wrong] = [at(payments, 5), at(payments, 9)];
    const notices = payments.map((payment) =>
      noticeOf(payment, payment === wrong ? { amount_cents: "1" } : {}),
    );
    const repetition = at(notices, 5);
    const unknown = noticeOf({ ...repeated, paymentId: 4_711n });
    const forged = callBack(shop, noticeOf(repeated), { secret: "guess" });
    const answers = await Promise.all(
      [...notices, repetition, unknown].map((notice) => callBack(shop, notice)),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [...payments.map((payment) => (payment === wrong ? 400 : 200)), 200, 404],
    );
    assert.equal((await forged).status, 401);
    for (const payment of payments) {
      const expected =
        payment === wrong ? { status: OPEN, succeeded: 0 } : { status: SUCCEEDED, succeeded: 1 };
      assert.deepEqual(await statusAndEvents(payment.paymentId), expected);
    }
    const { callbacks } = await rowsOf(shop, repeated.paymentId);
    assert.deepEqual(callbacks, [{ verdict: 1, cause: "", repeats: 1 }]);
  });

  it("do not wait for a callback whose payment is locked", async () => {
    const payments = await openPayments(12);
    const locked = at(payments, 6);
    const connection = await createConnection({ uri: process.env.SHOP_MYSQL_URL ?? "" });
    try {
      await connection.query(`use \`${shop.namespace}_pay\``);
      await connection.beginTransaction();
      await connection.query("select 1 from payments where payment_id = ? for update", [
        String(locked.paymentId),
      ]);
      const sent = payments.map((payment) => callBack(shop, noticeOf(payment)));
      const others = sent.filter((_, index) => payments[index] !== locked);
      assert.deepEqual(await Promise.all(others), Array(11).fill(SUCCESS));
      assert.equal((await rowsOf(shop, locked.paymentId)).status, OPEN);
      await connection.rollback();
      assert.deepEqual(await at(sent, 6), SUCCESS);
    } finally {
      connection.destroy();
    }
    await whenPayment(shop, locked.paymentId, SUCCEEDED);
  });

  it("do not fail with a callback that the database rejects", async () => {
    const payments = await openPayments(12);
    const poisoned = at(payments, 6);
    await shop.sql(
      "pay",
      `create trigger poison before insert on payment_log for each row
       if new.payment_id = ${poisoned.paymentId} then signal sqlstate '45000'; end if`,
    );
    const statuses = async () => {
      const answers = await Promise.all(payments.map((one) => callBack(shop, noticeOf(one))));
      return answers.map(({ status }) => status);
    };
    assert.deepEqual(
      await statuses(),
      payments.map((one) => (one === poisoned ? 503 : 200)),
    );
    const untouched = { status: OPEN, succeeded: 0, log: [1], callbacks: [] };
    assert.deepEqual(await rowsOf(shop, poisoned.paymentId), untouched);
    await shop.sql("pay", "drop trigger poison");
    assert.deepEqual(await statuses(), Array(12).fill(200));
    for (const { paymentId } of payments) {
      assert.deepEqual(await statusAndEvents(paymentId), { status: SUCCEEDED, succeeded: 1 });
    }
  });
});
