import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";
import { CancelReason, OrderStatus, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { auditIsClean } from "../../../testbed/orders/audit.ts";
import { openRaceShop, paymentsAtProvider, type RaceOrder, type RaceShop } from "./race-shop.ts";
import { IN_FLIGHT, RACE_MS, ROUNDS } from "./rounds.ts";

const DEADLINE_SECONDS = 3;
/** Orders whose deadlines pass together, so that the shop closes their payments together. */
const GROUP = 25;
/** About how long the shop takes to close the payments of a group at the provider. */
const CLOSING_MS = 60;
const POLL_MS = 3;
const CLOSING_BEGINS_WITHIN_MS = 30_000;

describe("paying at the deadline", () => {
  let races: RaceShop;
  before(async function () {
    this.timeout(90_000);
    races = await openRaceShop({ SHOP_PAY_DEADLINE_SECONDS: String(DEADLINE_SECONDS) });
  });
  after(() => races?.shop.stop());

  /** Resolves once the shop has begun to close payments of these orders. */
  async function closingBegins(raceOrders: RaceOrder[]): Promise<void> {
    const orderIds = raceOrders.map(({ order }) => order.orderId);
    const giveUpMs = Date.now() + CLOSING_BEGINS_WITHIN_MS;
    while (Date.now() < giveUpMs) {
      const closed = await races.shop.sql(
        "pay",
        `select order_id from payable_orders where order_id in (?) and closed_time is not null
         limit 1`,
        [orderIds],
      );
      if (closed.length > 0) return;
      await pause(POLL_MS);
    }
    assert.fail(`no payment was closed within ${CLOSING_BEGINS_WITHIN_MS} ms`);
  }

  /** Waits for the end of one race and returns whether the order is paid. */
  async function outcomeOf(raceOrder: RaceOrder, isPaid: boolean): Promise<boolean> {
    const end = await races.when(raceOrder, ({ orderStatus, payStatus }) => {
      return orderStatus === OrderStatus.CANCELLED || payStatus === PayStatus.PAID;
    });
    const won = end.payStatus === PayStatus.PAID;
    assert.equal(won, isPaid, "the order is paid exactly if its payment succeeded at the provider");
    assert.equal(end.cancelReason, won ? CancelReason.UNSPECIFIED : CancelReason.PAYMENT_TIMEOUT);
    assert.deepEqual(end.refunds, []);
    await races.settled(raceOrder, won ? "paid" : "cancelled");
    return won;
  }

  it("the order is paid if the provider has the money, and cancelled otherwise", async function () {
    this.timeout(RACE_MS);
    const wins = { paid: 0, cancelled: 0 };
    const expected = new Map<string, string>();
    for (let left = ROUNDS; left > 0; left -= GROUP) {
      const raceOrders: RaceOrder[] = [];
      const places = Array.from({ length: Math.min(GROUP, left) }, (_, place) => place);
      await pMap(
        places,
        async (place) => {
          raceOrders[place] = await races.newOrder();
        },
        { concurrency: IN_FLIGHT },
      );
      const begun = closingBegins(raceOrders);
      await Promise.all(
        raceOrders.map(async (raceOrder) => {
          await begun;
          await pause(Math.random() * CLOSING_MS);
          const won = await outcomeOf(raceOrder, await races.pay(raceOrder));
          wins[won ? "paid" : "cancelled"] += 1;
          expected.set(String(raceOrder.payment.paymentId), won ? "paid, 0 refunded" : "closed");
        }),
      );
    }
    const payments = await paymentsAtProvider(races.shop);
    for (const [key, state] of expected) assert.equal(payments.get(key), state, key);
    console.log(`      paid ${wins.paid} times, cancelled ${wins.cancelled} times`);
    assert.ok(wins.paid > 0 && wins.cancelled > 0, "each of them wins at times");
    await auditIsClean(races.shop);
  });
});
