import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { OrderStatus, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { auditIsClean } from "../../../testbed/orders/audit.ts";
import { answerTo } from "../../../testbed/orders/shoppers.ts";
import { type Arena, isThrough, ledgerOf, openArena, PAY_CENTS } from "./arena.ts";
import { evenStart, RACE_MS, rounds } from "./rounds.ts";

describe("cancelling against paying", () => {
  let arena: Arena;
  before(async function () {
    this.timeout(90_000);
    arena = await openArena();
  });
  after(() => arena?.shop.stop());

  it("has one winner each time: the order is paid, or it is cancelled and no money stays", async function () {
    this.timeout(RACE_MS);
    /** One is even where order and money meet here, the other where they meet at the platform. */
    const starts = { here: evenStart(), there: evenStart() };
    /** What the platform must have in the end, by payment. */
    const due = new Map<string, string>();
    const ends = { paid: 0, closed: 0, givenBack: 0 };
    await rounds(async (round) => {
      const start = round % 2 === 0 ? starts.here : starts.there;
      const contest = await arena.enter();
      const { order, payment, as } = contest;
      const [isPaid, { refusal }] = await start.race(
        () => arena.pay(contest),
        () => answerTo(as.order.cancelOrder({ orderId: order.orderId })),
        (moneyCame, { refusal: tooLate }) => {
          return (start === starts.here ? tooLate : moneyCame) ? 0 : 1;
        },
      );
      const key = String(payment.paymentId);
      if (refusal) {
        assert.equal(refusal.reason, Reason.ORDER_STATE_INVALID);
        assert.equal(isPaid, true);
        const end = await arena.when(contest, ({ payStatus }) => payStatus === PayStatus.PAID);
        assert.deepEqual([end.orderStatus, end.refunds], [OrderStatus.CONFIRMED, []]);
        await arena.settled(contest, "nothing");
        due.set(key, "paid, 0 back");
        ends.paid += 1;
        return;
      }
      const end = await arena.when(contest, (now) => {
        return isThrough(now) && now.refunds.length === (isPaid ? 1 : 0);
      });
      assert.deepEqual([end.orderStatus, end.payStatus], [OrderStatus.CANCELLED, PayStatus.UNPAID]);
      await arena.settled(contest, "all");
      due.set(key, isPaid ? `paid, ${PAY_CENTS} back` : "closed");
      ends[isPaid ? "givenBack" : "closed"] += 1;
    });
    const ledger = await ledgerOf(arena.shop);
    for (const [key, state] of due) assert.equal(ledger.get(key), state, key);
    const { paid, closed, givenBack } = ends;
    console.log(
      `      paid ${paid} times, cancelled ${closed} times before the money came, ${givenBack} times after`,
    );
    for (const times of Object.values(ends)) assert.ok(times > 0, "nobody always wins");
    await auditIsClean(arena.shop);
  });
});
