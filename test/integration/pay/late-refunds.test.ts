import assert from "node:assert/strict";
import { OrderStatus, PayStatus, RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import { PaymentLogType, PaymentStatus } from "#proto/shop/pay/v1/pay_pb.ts";
import { SandboxRefusal } from "../../../simulators/sandbox/client.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { booksBalance } from "../../../testbed/orders/books.ts";
import { newKey } from "../../../testbed/orders/fixtures.ts";
import { possessed } from "../../../testbed/orders/shoppers.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import {
  callBack,
  noticeOf,
  openPayment,
  paymentNow,
  rowsOf,
  startPayShop,
  whenPayment,
} from "./pay-shop.ts";

const { SUCCEEDED, REFUNDED } = PaymentStatus;
const PAY_CENTS = 2_000n;

describe("refunds that the provider proves later, or takes back", function () {
  this.timeout(60_000);
  let shop: Shop;
  before(async () => {
    shop = await startPayShop();
  });
  after(() => shop?.stop());
  afterEach(() => shop.sandbox.faults());

  const paid = async () => {
    const opened = await openPayment(shop);
    const { paymentId, orderId } = opened.payment;
    await shop.sandbox.pay(paymentId);
    await whenPayment(shop, paymentId, SUCCEEDED);
    await eventually(async () => assert.equal((await orderNow(orderId)).payStatus, PayStatus.PAID));
    return { ...opened, paymentId, orderId };
  };
  const orderNow = async (orderId: bigint) => {
    const { order } = await shop.admin.order.getOrder({ orderId });
    assert.ok(order);
    return order;
  };
  const refundOf = async (orderId: bigint) => {
    const { order } = await shop.admin.order.refundOrder({ orderId, requestId: newKey() });
    return order?.refunds.at(-1)?.refundId ?? 0n;
  };
  const whenStatus = (orderId: bigint, status: RefundStatus) =>
    eventually(async () => {
      const order = await orderNow(orderId);
      assert.equal(order.refunds.at(-1)?.status, status);
    });
  const rowOf = async (refundId: bigint) => {
    const rows = await shop.sql<{ status: number; attempt: number; reopens: number }>(
      "pay",
      "select status, attempt, reopens from refunds where refund_id = ?",
      [refundId],
    );
    return { ...rows[0] };
  };
  /** Decides the refund once the provider has it. */
  const decide = (number: string, state: "succeeded" | "failed") =>
    eventually(async () => {
      try {
        return await shop.sandbox.decideRefund(number, state);
      } catch (error) {
        assert.ok(!(error instanceof SandboxRefusal), "the provider does not have it yet");
        throw error;
      }
    });

  it("are requested, and their order REFUNDING, until the provider has decided", async () => {
    const { orderId, paymentId } = await paid();
    await shop.sandbox.faults({ pend_refunds: true });
    const refundId = await refundOf(orderId);
    await eventually(async () => assert.equal((await rowOf(refundId)).status, 5));
    const waiting = await orderNow(orderId);
    assert.equal(waiting.payStatus, PayStatus.REFUNDING);
    assert.equal(waiting.refunds[0]?.status, RefundStatus.REQUESTED);
    assert.equal((await paymentNow(shop, paymentId)).refundedCents, 0n);
    assert.equal(await decide(`${refundId}`, "succeeded"), "200 success");
    await whenPayment(shop, paymentId, REFUNDED);
    await whenStatus(orderId, RefundStatus.SUCCEEDED);
    await eventually(async () =>
      assert.equal((await orderNow(orderId)).orderStatus, OrderStatus.REFUNDED),
    );
    const { log } = await rowsOf(shop, paymentId);
    const { REFUND_REQUESTED, REFUND_PENDING, REFUND_SUCCEEDED } = PaymentLogType;
    assert.deepEqual(log.slice(-3), [REFUND_REQUESTED, REFUND_PENDING, REFUND_SUCCEEDED]);
    await booksBalance(shop);
  });

  it("are found by a query if the notice of the decision is lost", async () => {
    const { orderId, paymentId } = await paid();
    await shop.sandbox.faults({ pend_refunds: true });
    const refundId = await refundOf(orderId);
    await eventually(async () => assert.equal((await rowOf(refundId)).status, 5));
    // The pay service is away while the provider sends the notice, which the gateway refuses.
    await shop.kill("pay");
    assert.notEqual(await decide(`${refundId}`, "succeeded"), "200 success");
    await shop.restart("pay");
    await whenPayment(shop, paymentId, REFUNDED);
    await whenStatus(orderId, RefundStatus.SUCCEEDED);
  });

  it("are sent under a new number after the provider refused the old one for good", async () => {
    const { orderId, paymentId } = await paid();
    await shop.sandbox.faults({ pend_refunds: true });
    const refundId = await refundOf(orderId);
    assert.equal(await decide(`${refundId}`, "failed"), "200 success");
    assert.equal((await orderNow(orderId)).payStatus, PayStatus.REFUNDING);
    await decide(`${refundId}-2`, "succeeded");
    await whenPayment(shop, paymentId, REFUNDED);
    await whenStatus(orderId, RefundStatus.SUCCEEDED);
    assert.deepEqual(await rowOf(refundId), { status: 2, attempt: 2, reopens: 0 });
    await booksBalance(shop);
  });

  it("reopen after a success, and return goods, balance, points and coupon once", async () => {
    const { shopper, orderId, paymentId } = await paid();
    const refundId = await refundOf(orderId);
    await whenStatus(orderId, RefundStatus.SUCCEEDED);
    await shop.sandbox.faults({ pend_refunds: true });
    assert.equal(await shop.sandbox.decideRefund(`${refundId}`, "failed"), "200 success");
    const open = await paymentNow(shop, paymentId);
    assert.deepEqual([open.status, open.refundedCents], [SUCCEEDED, 0n]);
    await eventually(async () => {
      const { orderStatus, payStatus, refunds } = await orderNow(orderId);
      assert.deepEqual(
        [orderStatus, payStatus, refunds[0]?.status, refunds[0]?.finishTime],
        [OrderStatus.REFUNDED, PayStatus.REFUNDING, RefundStatus.REQUESTED, undefined],
      );
    });
    const back = possessed({ taken: false });
    await eventually(async () => assert.deepEqual(await shopper.possessions(), back));
    await decide(`${refundId}-2`, "succeeded");
    await whenStatus(orderId, RefundStatus.SUCCEEDED);
    await eventually(async () =>
      assert.equal((await orderNow(orderId)).payStatus, PayStatus.REFUNDED),
    );
    assert.equal((await paymentNow(shop, paymentId)).refundedCents, PAY_CENTS);
    const { entries } = await shop.admin.order.listOrderHistory({ orderId });
    const causes = entries.slice(-3).map(({ cause }) => cause);
    assert.deepEqual(causes, ["pay.v1.refunded", "pay.v1.refund_reopened", "pay.v1.refunded"]);
    assert.match(entries.at(-2)?.detail ?? "", /returned by the bank/);
    const { log } = await rowsOf(shop, paymentId);
    assert.ok(log.includes(PaymentLogType.REFUND_REOPENED));
    await booksBalance(shop);
    assert.deepEqual(await shopper.possessions(), back);
  });

  it("follow the newest number only, in whichever order notices arrive, and each once", async () => {
    const { payment, orderId, paymentId } = await paid();
    const refundId = await refundOf(orderId);
    await whenStatus(orderId, RefundStatus.SUCCEEDED);
    const notice = (state: string, number: string) =>
      JSON.stringify({
        ...noticeOf(payment),
        type: `refund.${state}`,
        merchant_refund_id: number,
        refund_id: `sr-${number}`,
        pay_time: undefined,
      });
    await shop.sandbox.faults({ down: true });
    const failed = notice("failed", `${refundId}`);
    for (let time = 0; time < 3; time += 1) {
      assert.equal((await callBack(shop, failed)).status, 200);
      assert.equal((await callBack(shop, notice("succeeded", `${refundId}`))).status, 200);
    }
    const { status, attempt, reopens } = await rowOf(refundId);
    assert.deepEqual([status, attempt, reopens], [3, 2, 1]);
    assert.equal((await paymentNow(shop, paymentId)).refundedCents, 0n);
    const proven = notice("succeeded", `${refundId}-2`);
    await Promise.all(Array.from({ length: 5 }, () => callBack(shop, proven)));
    assert.deepEqual(await rowOf(refundId), { status: 2, attempt: 2, reopens: 1 });
    assert.equal((await paymentNow(shop, paymentId)).refundedCents, PAY_CENTS);
    const events = await shop.sql("pay", "select fact from outbox where order_id = ?", [orderId]);
    assert.equal(events.filter(({ fact }) => fact === "pay.v1.refunded").length, 2);
  });

  it("from the provider's console are a difference, and change no refund of the shop", async () => {
    const { payment, paymentId } = await paid();
    const { answer, refundId } = await shop.sandbox.refundAtConsole(paymentId, 300n);
    assert.equal(answer, "200 success");
    const now = await paymentNow(shop, paymentId);
    assert.deepEqual([now.status, now.refundedCents], [SUCCEEDED, 0n]);
    const found = () =>
      shop.sql<{ foreignId: string; amountCents: bigint; status: number }>(
        "pay",
        `select foreign_id as foreignId, amount_cents as amountCents, status
         from foreign_refunds where payment_id = ?`,
        [paymentId],
      );
    const [row] = await found();
    assert.deepEqual({ ...row }, { foreignId: refundId, amountCents: 300n, status: 2 });
    const again = { ...noticeOf(payment), type: "refund.succeeded", refund_id: refundId };
    assert.equal((await callBack(shop, { ...again, amount_cents: "300" })).status, 200);
    assert.equal((await found()).length, 1);
    const { entries } = await shop.admin.pay.listPaymentLog({ paymentId });
    const foreign = entries.filter(({ type }) => type === PaymentLogType.REFUND_FOREIGN);
    assert.equal(foreign.length, 1);
    assert.match(foreign[0]?.detail ?? "", /refund console-\w+ of 3\.00 EUR: succeeded/);
  });

  it("are left alone by disputes, which are stored and logged once", async () => {
    const { paymentId } = await paid();
    const about = { disputeId: `d-${paymentId}`, amountCents: PAY_CENTS };
    for (const state of ["opened", "funds_withdrawn", "funds_withdrawn", "won", "opened"]) {
      const feeCents = state === "funds_withdrawn" ? 1_500n : 0n;
      const answer = await shop.sandbox.dispute(paymentId, { ...about, state, feeCents });
      assert.equal(answer, "200 success");
    }
    await shop.sandbox.dispute(paymentId, { ...about, state: "funds_reinstated" });
    const [row] = await shop.sql(
      "pay",
      `select status, withdrawn_cents as withdrawn, withdrawn_fee_cents as fee,
         reinstated_cents as reinstated, withdrawn_time <= reinstated_time as inOrder
       from disputes where payment_id = ?`,
      [paymentId],
    );
    const expected = { status: 2, withdrawn: 2_000n, fee: 1_500n, reinstated: 2_000n };
    assert.deepEqual({ ...row, inOrder: Number(row?.inOrder) }, { ...expected, inOrder: 1 });
    const { entries } = await shop.admin.pay.listPaymentLog({ paymentId });
    const types = entries.map(({ type }) => type).filter((type) => type >= 13);
    const { DISPUTE_OPENED, DISPUTE_WITHDRAWN, DISPUTE_CLOSED, DISPUTE_REINSTATED } =
      PaymentLogType;
    const newestFirst = [DISPUTE_REINSTATED, DISPUTE_CLOSED, DISPUTE_WITHDRAWN, DISPUTE_OPENED];
    assert.deepEqual(types, newestFirst);
    assert.equal((await paymentNow(shop, paymentId)).status, SUCCEEDED);
  });
});
