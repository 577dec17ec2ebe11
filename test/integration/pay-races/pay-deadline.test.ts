import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";
import { CancelReason, OrderStatus, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { auditIsClean } from "../../../testbed/orders/audit.ts";
import { type Arena, type Contest, ledgerOf, openArena } from "./arena.ts";
import { LANES, RACE_MS, ROUNDS } from "./rounds.ts";

const DEADLINE_SECONDS = 3;
/** Orders whose deadlines pass together: the shop closes them in one go, a few at once. */
const GROUP = 25;
/** About as long as it takes the shop to close a group at the platform. */
const CLOSING_MS = 60;
const LOOK_EVERY_MS = 3;
const CLOSING_BEGINS_WITHIN_MS = 30_000;

describe("paying against the deadline", () => {
  let arena: Arena;
  before(async function () {
    this.timeout(90_000);
    arena = await openArena({ SHOP_PAY_DEADLINE_SECONDS: String(DEADLINE_SECONDS) });
  });
  after(() => arena?.shop.stop());

  /** Resolves as soon as the shop has begun to close payments of these orders. */
  async function closingBegins(contests: Contest[]): Promise<void> {
    const orderIds = contests.map(({ order }) => order.orderId);
    const giveUpMs = Date.now() + CLOSING_BEGINS_WITHIN_MS;
    while (Date.now() < giveUpMs) {
      const closed = await arena.shop.sql(
        "pay",
        `select order_id from payable_orders where order_id in (?) and closed_time is not null
         limit 1`,
        [orderIds],
      );
      if (closed.length > 0) return;
      await pause(LOOK_EVERY_MS);
    }
    assert.fail("no deadline has passed");
  }

  /** Waits for the end of one race: whether it was paid. */
  async function ended(contest: Contest, isPaid: boolean): Promise<boolean> {
    const end = await arena.when(contest, ({ orderStatus, payStatus }) => {
      return orderStatus === OrderStatus.CANCELLED || payStatus === PayStatus.PAID;
    });
    const won = end.payStatus === PayStatus.PAID;
    assert.equal(won, isPaid, "paid at the platform is paid here, and nothing else is");
    assert.equal(end.cancelReason, won ? CancelReason.UNSPECIFIED : CancelReason.PAYMENT_TIMEOUT);
    assert.deepEqual(end.refunds, []);
    await arena.settled(contest, won ? "nothing" : "all");
    return won;
  }

  it("has one winner each time: what the platform says", async function () {
    this.timeout(RACE_MS);
    const wins = { paid: 0, cancelled: 0 };
    const due = new Map<string, string>();
    for (let left = ROUNDS; left > 0; left -= GROUP) {
      const contests: Contest[] = [];
      const places = Array.from({ length: Math.min(GROUP, left) }, (_, place) => place);
      await pMap(
        places,
        async (place) => {
          contests[place] = await arena.enter();
        },
        { concurrency: LANES },
      );
      const begun = closingBegins(contests);
      await Promise.all(
        contests.map(async (contest) => {
          await begun;
          await pause(Math.random() * CLOSING_MS);
          const won = await ended(contest, await arena.pay(contest));
          wins[won ? "paid" : "cancelled"] += 1;
          due.set(String(contest.payment.paymentId), won ? "paid, 0 back" : "closed");
        }),
      );
    }
    const ledger = await ledgerOf(arena.shop);
    for (const [key, state] of due) assert.equal(ledger.get(key), state, key);
    console.log(`      paid ${wins.paid} times, cancelled ${wins.cancelled} times`);
    assert.ok(wins.paid > 0 && wins.cancelled > 0, "neither always wins");
    await auditIsClean(arena.shop);
  });
});
