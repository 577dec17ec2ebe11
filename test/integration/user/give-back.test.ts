import assert from "node:assert/strict";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Outage, Reason } from "#platform/values/refusal.ts";
import { BalanceLogType } from "#proto/shop/user/v1/user_pb.ts";
import { newId, startUserService, type UserUnderTest, uniqueName } from "./user-service.ts";

describe("giving back", function () {
  this.timeout(60_000);
  let shop: UserUnderTest;
  before(async () => {
    shop = await startUserService();
  });
  after(() => shop.stop());

  const sequences = (length: number): string[] =>
    length === 0 ? [""] : sequences(length - 1).flatMap((rest) => [`${rest}D`, `${rest}C`]);

  for (const sequence of [1, 2, 3, 4].flatMap(sequences)) {
    it(`keeps the balance whole through ${sequence} (D deduct, C cancel)`, async () => {
      const userId = await shop.newUser(1_000n);
      const orderId = newId();
      let closed = false;
      let held = false;
      for (const step of sequence) {
        if (step === "C") {
          await shop.cancel(orderId, userId);
          closed = true;
          held = false;
        } else {
          const reasons = await shop.deduct({ orderId, userId, amountCents: 300n });
          assert.deepEqual(reasons, [closed ? Reason.ORDER_CLOSED : undefined]);
          held = !closed;
        }
        assert.equal(await shop.balanceOf(userId), held ? 700n : 1_000n);
      }
    });
  }

  it("ends the same when deduction and cancellation meet at the same moment", async () => {
    const userId = await shop.newUser(1_000n);
    const orderIds = Array.from({ length: 40 }, newId);
    const eventIds = await Promise.all(
      orderIds.map(async (orderId) => {
        const [eventId] = await Promise.all([
          shop.events.cancelled({ orderId, userId }),
          shop.deduct({ orderId, userId, amountCents: 10n }),
          shop.deduct({ orderId, userId, amountCents: 10n }),
        ]);
        return eventId;
      }),
    );
    await shop.events.settled(...eventIds);
    assert.equal(await shop.balanceOf(userId), 1_000n);
    for (const orderId of orderIds) {
      const reasons = await shop.deduct({ orderId, userId, amountCents: 10n });
      assert.deepEqual(reasons, [Reason.ORDER_CLOSED]);
    }
  });

  it("gives back once when one event comes 1,000 times", async () => {
    const userId = await shop.newUser(1_000n);
    const orderId = newId();
    await shop.deduct({ orderId, userId, amountCents: 300n });
    const eventId = newId();
    await Promise.all(
      Array.from({ length: 1_000 }, () => shop.events.cancelled({ orderId, userId }, eventId)),
    );
    // The stream keeps its order: when this one is done, so are the 1,000.
    await shop.cancel(newId(), userId);
    assert.equal(await shop.balanceOf(userId), 1_000n);
    const log = await shop.select("select type from balance_log where order_id = ?", [orderId]);
    assert.equal(log.length, 2);
  });

  it("leaves alone an order that does not count it among its holders", async () => {
    const userId = await shop.newUser(1_000n);
    const orderId = newId();
    await shop.deduct({ orderId, userId, amountCents: 300n });
    const eventId = await shop.events.cancelled({
      orderId,
      userId,
      holders: ["goods", "coupon"],
    });
    await shop.cancel(newId(), userId);
    assert.equal(await shop.balanceOf(userId), 700n);
    assert.deepEqual(await shop.select("select * from inbox where event_id = ?", [eventId]), []);
  });

  it("gives back more than a topped-up balance may have, rather than lose it", async () => {
    const userId = await shop.newUser(MAX_CENTS);
    const orderId = newId();
    await shop.deduct({ orderId, userId, amountCents: 5n });
    await shop.admin.topUpBalance({ requestId: uniqueName(), userId, amountCents: 5n });
    await shop.cancel(orderId, userId);
    assert.equal(await shop.balanceOf(userId), MAX_CENTS + 5n);
  });

  it("decides an order once when the service dies before or after the commit", async () => {
    const userId = await shop.newUser(1_000n);
    for (const moment of ["commit.before", "commit.after"]) {
      const entry = { orderId: newId(), userId, amountCents: 100n };
      await shop.restart({ SHOP_FAILPOINT: `${moment}:deduct-balance:1:kill` });
      await assert.rejects(shop.deduct(entry), Outage);
      await shop.ended();
      await shop.restart({});
      assert.deepEqual(await shop.deduct(entry), [undefined]);
    }
    assert.equal(await shop.balanceOf(userId), 800n);
  });

  it("gives back once when the service dies before or after the commit", async () => {
    const userId = await shop.newUser(1_000n);
    for (const moment of ["commit.before", "commit.after"]) {
      const orderId = newId();
      assert.deepEqual(await shop.deduct({ orderId, userId, amountCents: 100n }), [undefined]);
      await shop.restart({ SHOP_FAILPOINT: `${moment}:release-balance:1:kill` });
      const eventId = await shop.events.cancelled({ orderId, userId });
      await shop.ended();
      await shop.restart({});
      // What was not acknowledged comes again by itself after a while; here it comes as from the outbox.
      await shop.events.cancelled({ orderId, userId }, eventId);
      await shop.events.settled(eventId);
      assert.equal(await shop.balanceOf(userId), 1_000n);
    }
  });

  it("lists the changes newest first, page by page, each once", async () => {
    const userId = await shop.newUser(1_000n);
    const orderIds = Array.from({ length: 5 }, newId);
    for (const orderId of orderIds) await shop.deduct({ orderId, userId, amountCents: 10n });
    await shop.cancel(orderIds[0] as bigint, userId);
    const me = shop.as(userId);
    const entries: { orderId: bigint; type: BalanceLogType; amountCents: bigint }[] = [];
    let pageToken = "";
    do {
      const page = await me.listBalanceLog({ pageSize: 3, pageToken });
      entries.push(...page.entries);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    const pays = orderIds.toReversed().map((orderId) => [BalanceLogType.PAY, orderId, -10n]);
    assert.deepEqual(
      entries.map(({ type, orderId, amountCents }) => [type, orderId, amountCents]),
      [[BalanceLogType.REFUND, orderIds[0], 10n], ...pays, [BalanceLogType.TOP_UP, 0n, 1_000n]],
    );
  });

  // Mocha runs a suite's own tests before those of its nested suites: this one comes last.
  describe("after all of that", () => {
    it("keeps a log that adds up to every balance, and never a balance below zero", async () => {
      const broken = await shop.select(
        `select u.user_id, u.balance_cents, sum(l.amount_cents) as logged, min(l.balance_after) as lowest
       from users u left join balance_log l on l.user_id = u.user_id
       group by u.user_id, u.balance_cents
       having u.balance_cents <> coalesce(logged, 0) or coalesce(lowest, 0) < 0`,
      );
      assert.deepEqual(broken, []);
      const held = await shop.select(
        `select h.order_id from balance_holds h
       left join balance_log l on l.order_id = h.order_id
       group by h.order_id, h.state, h.amount_cents
       having coalesce(sum(l.amount_cents), 0) <> if(h.state = 1, -h.amount_cents, 0)`,
      );
      assert.deepEqual(held, []);
    });
  });
});
