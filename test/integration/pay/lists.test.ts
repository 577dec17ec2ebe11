import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { PaymentLogType } from "#proto/shop/pay/v1/pay_pb.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import { callBack, noticeOf, openPayment, startPayShop } from "./pay-shop.ts";

type Page<T> = { entries: T[]; nextPageToken: string };
type PageRequest = { pageSize: number; pageToken: string };

describe("the lists of the pay service", function () {
  this.timeout(60_000);
  let shop: Shop;
  before(async () => {
    shop = await startPayShop();
  });
  after(() => shop?.stop());

  /** All pages, and the number of entries of each. */
  async function readAll<T>(pageSize: number, read: (page: PageRequest) => Promise<Page<T>>) {
    const all: T[] = [];
    const sizes: number[] = [];
    let pageToken = "";
    do {
      const page = await read({ pageSize, pageToken });
      all.push(...page.entries);
      sizes.push(page.entries.length);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return { all, sizes };
  }

  it("ListPaymentLog drops none of 520 refunds, and begins with the newest", async () => {
    const { payment } = await openPayment(shop);
    const { paymentId } = payment;
    const [created] = await shop.sql<{ id: bigint }>(
      "pay",
      "select log_id as id from payment_log where payment_id = ?",
      [paymentId],
    );
    assert.ok(created);
    const rows = Array.from({ length: 1_040 }, (_, index) => {
      const [type, state] =
        index % 2 === 0
          ? [PaymentLogType.REFUND_REQUESTED, "requested"]
          : [PaymentLogType.REFUND_SUCCEEDED, "succeeded"];
      return [created.id + 1n + BigInt(index), paymentId, type, `refund ${index >> 1} ${state}`];
    });
    const columns = "log_id, payment_id, type, detail";
    await shop.sql("pay", `insert into payment_log (${columns}) values ?`, [rows]);
    const read = (page: PageRequest) => shop.admin.pay.listPaymentLog({ paymentId, ...page });
    const { all, sizes } = await readAll(0, read);
    assert.deepEqual(sizes, [...Array.from({ length: 10 }, () => 100), 41]);
    assert.equal(all[0]?.detail, "refund 519 succeeded");
    assert.equal(all.at(-1)?.type, PaymentLogType.CREATED);
    assert.equal(new Set(all.map(({ detail }) => detail)).size, 1_041);
    assert.deepEqual((await readAll(7, read)).all, all);
  });

  it("ListPayments lists every payment of an order once, oldest first", async () => {
    const { payment, shopper } = await openPayment(shop);
    const { orderId, paymentId, userId } = payment;
    const rows = Array.from({ length: 205 }, (_, index) => [
      paymentId + 1n + BigInt(index),
      orderId,
      userId,
      "sandbox",
      3,
      500,
      "EUR",
      "",
      new Date(),
    ]);
    const columns =
      "payment_id, order_id, user_id, provider, status, amount_cents, currency, return_url, next_check";
    await shop.sql("pay", `insert into payments (${columns}) values ?`, [rows]);
    const { all, sizes } = await readAll(0, async (page) => {
      const { payments, ...rest } = await shopper.as.pay.listPayments({ orderId, ...page });
      return { entries: payments, ...rest };
    });
    assert.deepEqual(sizes, [100, 100, 6]);
    assert.deepEqual(
      all.map((one) => one.paymentId),
      Array.from({ length: 206 }, (_, index) => paymentId + BigInt(index)),
    );
    const other = await openPayment(shop);
    const { payments } = await other.shopper.as.pay.listPayments({ orderId });
    assert.deepEqual(payments, []);
  });

  it("refuse a token of another list, another query or no list", async () => {
    const { payment, shopper } = await openPayment(shop);
    const { orderId, paymentId } = payment;
    await callBack(shop, noticeOf(payment));
    const { nextPageToken } = await shop.admin.pay.listPaymentLog({ paymentId, pageSize: 1 });
    assert.notEqual(nextPageToken, "");
    const other = await openPayment(shop);
    const token = { pageToken: nextPageToken };
    const calls = [
      shopper.as.pay.listPayments({ orderId, ...token }),
      shop.admin.pay.listPaymentLog({ paymentId: other.payment.paymentId, ...token }),
      shop.admin.pay.listPaymentLog({ paymentId, pageToken: "made up" }),
    ];
    for (const call of calls) {
      const { violations } = await refused(call, Reason.INVALID_ARGUMENT);
      assert.equal(violations[0]?.field, "page_token");
    }
  });
});
