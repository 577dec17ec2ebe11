import assert from "node:assert/strict";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Reason } from "#platform/values/refusal.ts";
import {
  newId,
  reasonOf,
  startUserService,
  type UserUnderTest,
  uniqueName,
} from "./user-service.ts";

describe("balance", function () {
  this.timeout(60_000);
  let shop: UserUnderTest;
  before(async () => {
    shop = await startUserService();
  });
  after(() => shop.stop());

  describe("topping up", () => {
    const topUp = (userId: bigint, amountCents: bigint, requestId = uniqueName()) =>
      shop.admin.topUpBalance({ requestId, userId, amountCents });

    it("answers the first balance when the same request comes again, whatever happened since", async () => {
      const userId = await shop.newUser();
      const requestId = uniqueName();
      assert.equal((await topUp(userId, 700n, requestId)).balanceCents, 700n);
      await topUp(userId, 50n);
      assert.equal((await topUp(userId, 700n, requestId)).balanceCents, 700n);
      assert.equal(await shop.balanceOf(userId), 750n);
    });

    it("adds once when the same request comes 50 times at the same moment", async () => {
      const userId = await shop.newUser();
      const requestId = uniqueName();
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => topUp(userId, 700n, requestId)),
      );
      assert.ok(answers.every(({ balanceCents }) => balanceCents === 700n));
      assert.equal(await shop.balanceOf(userId), 700n);
    });

    it("refuses the request's id for other contents", async () => {
      const [userId, other] = [await shop.newUser(), await shop.newUser()];
      const requestId = uniqueName();
      await topUp(userId, 700n, requestId);
      assert.equal(await reasonOf(topUp(userId, 701n, requestId)), Reason.REQUEST_ID_REUSED);
      assert.equal(await reasonOf(topUp(other, 700n, requestId)), Reason.REQUEST_ID_REUSED);
      assert.equal(await shop.balanceOf(other), 0n);
    });

    it("refuses what would pass 2^53-1 cents, and keeps the largest balance exact", async () => {
      const userId = await shop.newUser(MAX_CENTS - 1n);
      assert.equal(await reasonOf(topUp(userId, 2n)), Reason.INVALID_ARGUMENT);
      assert.equal((await topUp(userId, 1n)).balanceCents, MAX_CENTS);
      assert.equal(await reasonOf(topUp(userId, 1n)), Reason.INVALID_ARGUMENT);
      assert.equal(await shop.balanceOf(userId), 9_007_199_254_740_991n);
    });

    it("refuses malformed requests and users that do not exist", async () => {
      const userId = await shop.newUser();
      for (const bad of [
        topUp(userId, 0n),
        topUp(userId, -1n),
        topUp(userId, 2n ** 63n - 1n),
        topUp(0n, 1n),
        topUp(userId, 1n, ""),
        topUp(userId, 1n, "with space"),
        topUp(userId, 1n, "x".repeat(65)),
      ]) {
        assert.equal(await reasonOf(bad), Reason.INVALID_ARGUMENT);
      }
      assert.equal(await reasonOf(topUp(newId(), 1n)), Reason.USER_NOT_FOUND);
    });
  });

  describe("deducting", () => {
    it("decides each order of a batch by itself, one user's orders one after the other", async () => {
      const userId = await shop.newUser(100n);
      const entries = [60n, 60n, 40n, 0n].map((amountCents) => ({
        orderId: newId(),
        userId,
        amountCents,
      }));
      const nobody = { orderId: newId(), userId: newId(), amountCents: 1n };
      const nobodyFree = { orderId: newId(), userId: newId(), amountCents: 0n };
      const malformed = { orderId: newId(), userId, amountCents: -1n };
      const { results } = await shop.order.deductBalance({
        deductions: [...entries, nobody, nobodyFree, malformed],
      });
      assert.deepEqual(
        results.map(({ error }) => error?.reason),
        [
          undefined,
          Reason.BALANCE_NOT_ENOUGH,
          undefined,
          undefined,
          Reason.USER_NOT_FOUND,
          Reason.USER_NOT_FOUND,
          Reason.INVALID_ARGUMENT,
        ],
      );
      const facts = { user_id: `${userId}`, requested: "60", available: "40" };
      assert.deepEqual({ ...results[1]?.error?.metadata }, facts);
      assert.equal(results[6]?.error?.fieldViolations[0]?.field, "deductions[6].amount_cents");
      assert.deepEqual(
        results.map(({ orderId }) => orderId),
        [...entries, nobody, nobodyFree, malformed].map(({ orderId }) => orderId),
      );
      assert.equal(await shop.balanceOf(userId), 0n);
    });

    it("writes nothing for an amount of 0", async () => {
      const userId = await shop.newUser();
      const orderId = newId();
      assert.deepEqual(await shop.deduct({ orderId, userId, amountCents: 0n }), [undefined]);
      assert.deepEqual(
        await shop.select("select * from balance_holds where order_id = ?", [orderId]),
        [],
      );
      assert.deepEqual(
        await shop.select("select * from balance_log where order_id = ?", [orderId]),
        [],
      );
    });

    it("takes an order's amount once, however often and in how many calls it comes", async () => {
      const userId = await shop.newUser(1_000n);
      const entry = { orderId: newId(), userId, amountCents: 300n };
      const answers = await Promise.all(
        Array.from({ length: 30 }, () => shop.deduct(entry, entry)),
      );
      assert.ok(answers.flat().every((reason) => reason === undefined));
      assert.equal(await shop.balanceOf(userId), 700n);
    });

    it("refuses an order that comes again with another user or amount", async () => {
      const userId = await shop.newUser(1_000n);
      const entry = { orderId: newId(), userId, amountCents: 300n };
      const changed = [
        { ...entry, amountCents: 301n },
        { ...entry, userId: await shop.newUser(1_000n) },
      ];
      assert.deepEqual(await shop.deduct(entry, ...changed), [
        undefined,
        Reason.INVALID_ARGUMENT,
        Reason.INVALID_ARGUMENT,
      ]);
      for (const other of changed) {
        assert.deepEqual(await shop.deduct(other), [Reason.INVALID_ARGUMENT]);
      }
      assert.equal(await shop.balanceOf(userId), 700n);
    });

    it("answers a refusal again for ever, also when the balance would be enough by then", async () => {
      const userId = await shop.newUser(100n);
      const entry = { orderId: newId(), userId, amountCents: 300n };
      assert.deepEqual(await shop.deduct(entry), [Reason.BALANCE_NOT_ENOUGH]);
      await shop.admin.topUpBalance({ requestId: uniqueName(), userId, amountCents: 1_000n });
      const { results } = await shop.order.deductBalance({ deductions: [entry] });
      assert.deepEqual(
        { ...results[0]?.error?.metadata },
        {
          user_id: `${userId}`,
          requested: "300",
          available: "100",
        },
      );
      await shop.cancel(entry.orderId, userId);
      assert.deepEqual(await shop.deduct(entry), [Reason.BALANCE_NOT_ENOUGH]);
      assert.equal(await shop.balanceOf(userId), 1_100n);
    });

    it("sells a balance to the last cent when many batches want it at the same moment", async () => {
      const users = [await shop.newUser(1_000n), await shop.newUser(1_000n)];
      const batches = Array.from({ length: 40 }, (_, batch) => {
        // Half of the batches name the users in the opposite order.
        const ordered = batch % 2 === 0 ? users : users.toReversed();
        return ordered.map((userId) => ({ orderId: newId(), userId, amountCents: 30n }));
      });
      const reasons = await Promise.all(batches.map((batch) => shop.deduct(...batch)));
      const taken = reasons.flat().filter((reason) => reason === undefined).length;
      const refused = reasons
        .flat()
        .filter((reason) => reason === Reason.BALANCE_NOT_ENOUGH).length;
      assert.deepEqual([taken, refused], [66, 14]);
      for (const userId of users) assert.equal(await shop.balanceOf(userId), 10n);
    });

    it("takes 1,000 orders in one call, and refuses a call with none or one more", async () => {
      const userId = await shop.newUser(1_000n);
      const many = (length: number) =>
        Array.from({ length }, () => ({ orderId: newId(), userId, amountCents: 1n }));
      assert.ok((await shop.deduct(...many(1_000))).every((reason) => reason === undefined));
      assert.equal(await shop.balanceOf(userId), 0n);
      assert.equal(await reasonOf(shop.deduct(...many(1_001))), Reason.INVALID_ARGUMENT);
      assert.equal(await reasonOf(shop.deduct()), Reason.INVALID_ARGUMENT);
    });
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
