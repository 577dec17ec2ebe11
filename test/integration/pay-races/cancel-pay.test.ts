import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { OrderStatus, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { auditIsClean } from "../../../testbed/orders/audit.ts";
import { answerTo } from "../../../testbed/orders/shoppers.ts";
import {
  hasNoRefundUnderWay,
  openRaceShop,
  PAY_CENTS,
  paymentsAtProvider,
  type RaceShop,
} from "./race-shop.ts";
import { evenStart, RACE_MS, rounds } from "./rounds.ts";

describe("cancelling while paying", () => {
  let races: RaceShop;
  before(async function () {
    this.timeout(90_000);
    races = await openRaceShop();
  });
  after(() => races?.shop.stop());

  it("the order is paid, or it is cancelled and the shop keeps no money", async function () {
    this.timeout(RACE_MS);
    /** One makes the race even at the shop, the other at the provider. */
    const starts = { shop: evenStart(), provider: evenStart() };
    /** The state at the provider that each payment must end in. */
    const expected = new Map<string, string>();
    const ends = { paid: 0, closed: 0, refunded: 0 };
    await rounds(async (round) => {
      const start = round % 2 === 0 ? starts.shop : starts.provider;
      const raceOrder = await races.newOrder();
      const { order, payment, as } = raceOrder;
      const [isPaid, { refusal }] = await start.race(
        () => races.pay(raceOrder),
        () => answerTo(as.order.cancelOrder({ orderId: order.orderId })),
        (isPaidThere, { refusal: cannotCancel }) => {
          return (start === starts.shop ? cannotCancel : isPaidThere) ? 0 : 1;
        },
      );
      const key = String(payment.paymentId);
      if (refusal) {
        assert.equal(refusal.reason, Reason.ORDER_STATE_INVALID);
        assert.equal(isPaid, true);
        const end = await races.when(raceOrder, ({ payStatus }) => payStatus === PayStatus.PAID);
        assert.deepEqual([end.orderStatus, end.refunds], [OrderStatus.CONFIRMED, []]);
        await races.settled(raceOrder, "paid");
        expected.set(key, "paid, 0 refunded");
        ends.paid += 1;
        return;
      }
      const end = await races.when(raceOrder, (now) => {
        return hasNoRefundUnderWay(now) && now.refunds.length === (isPaid ? 1 : 0);
      });
      assert.deepEqual([end.orderStatus, end.payStatus], [OrderStatus.CANCELLED, PayStatus.UNPAID]);
      await races.settled(raceOrder, "cancelled");
      expected.set(key, isPaid ? `paid, ${PAY_CENTS} refunded` : "closed");
      ends[isPaid ? "refunded" : "closed"] += 1;
    });
    const payments = await paymentsAtProvider(races.shop);
    for (const [key, state] of expected) assert.equal(payments.get(key), state, key);
    const { paid, closed, refunded } = ends;
    console.log(
      `      paid ${paid} times, cancelled ${closed} times before and ${refunded} times after the payment`,
    );
    for (const times of Object.values(ends)) assert.ok(times > 0, "each end occurs");
    await auditIsClean(races.shop);
  });
});
