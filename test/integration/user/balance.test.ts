import assert from "node:assert/strict";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Reason } from "#platform/values/refusal.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import { newId, newKey } from "../../../testbed/orders/fixtures.ts";
import { invalid, times } from "../participant.ts";
import { startUser, type UserUnderTest } from "./user-service.ts";

describe("balance", function () {
  this.timeout(60_000);
  let service: UserUnderTest;
  before(async () => {
    service = await startUser();
  });
  after(() => service?.stop());
  afterEach(() => service.audit());

  describe("topping up", () => {
    const topUp = (userId: bigint, amountCents: bigint, requestId = newKey()) =>
      service.admin.topUpBalance({ requestId, userId, amountCents });

    it("repeats the first balance, also after the balance has changed", async () => {
      const userId = await service.newUser();
      const requestId = newKey();
      assert.equal((await topUp(userId, 700n, requestId)).balanceCents, 700n);
      await topUp(userId, 50n);
      assert.equal((await topUp(userId, 700n, requestId)).balanceCents, 700n);
      assert.equal(await service.balanceOf(userId), 750n);
    });

    it("adds once if the same request arrives 50 times concurrently", async () => {
      const userId = await service.newUser();
      const requestId = newKey();
      const answers = await times(50, () => topUp(userId, 700n, requestId));
      assert.ok(answers.every(({ balanceCents }) => balanceCents === 700n));
      assert.equal(await service.balanceOf(userId), 700n);
    });

    it("refuses the request id for other contents", async () => {
      const [userId, other] = [await service.newUser(), await service.newUser()];
      const requestId = newKey();
      await topUp(userId, 700n, requestId);
      await refused(topUp(userId, 701n, requestId), Reason.REQUEST_ID_REUSED);
      await refused(topUp(other, 700n, requestId), Reason.REQUEST_ID_REUSED);
      // Before the contents are judged by the rules of today.
      await refused(topUp(userId, 0n, requestId), Reason.REQUEST_ID_REUSED);
      await refused(topUp(userId, MAX_CENTS + 1n, requestId), Reason.REQUEST_ID_REUSED);
      assert.equal(await service.balanceOf(other), 0n);
    });

    it("refuses to exceed 2^53-1 cents, and keeps the largest balance exact", async () => {
      const userId = await service.newUser(MAX_CENTS - 1n);
      await invalid(topUp(userId, 2n));
      assert.equal((await topUp(userId, 1n)).balanceCents, MAX_CENTS);
      await invalid(topUp(userId, 1n));
      assert.equal(await service.balanceOf(userId), 9_007_199_254_740_991n);
    });

    it("refuses malformed requests and users that do not exist", async () => {
      const userId = await service.newUser();
      for (const bad of [
        topUp(userId, 0n),
        topUp(userId, -1n),
        topUp(userId, 2n ** 63n - 1n),
        topUp(0n, 1n),
        topUp(userId, 1n, ""),
        topUp(userId, 1n, "with space"),
        topUp(userId, 1n, "x".repeat(65)),
      ]) {
        await invalid(bad);
      }
      await refused(topUp(newId(), 1n), Reason.USER_NOT_FOUND);
    });
  });

  describe("deducting", () => {
    it("decides each order of a batch separately, the orders of one user in their order", async () => {
      const userId = await service.newUser(100n);
      const entries = [60n, 60n, 40n, 0n].map((amountCents) => ({
        orderId: newId(),
        userId,
        amountCents,
      }));
      const unknown = { orderId: newId(), userId: newId(), amountCents: 1n };
      const unknownFree = { orderId: newId(), userId: newId(), amountCents: 0n };
      const malformed = { orderId: newId(), userId, amountCents: -1n };
      const { results } = await service.order.deductBalance({
        deductions: [...entries, unknown, unknownFree, malformed],
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
        [...entries, unknown, unknownFree, malformed].map(({ orderId }) => orderId),
      );
      assert.equal(await service.balanceOf(userId), 0n);
    });

    it("writes nothing for an amount of 0", async () => {
      const userId = await service.newUser();
      const orderId = newId();
      assert.deepEqual(await service.deduct({ orderId, userId, amountCents: 0n }), [undefined]);
      assert.deepEqual(
        await service.sql("select * from balance_holds where order_id = ?", [orderId]),
        [],
      );
      assert.deepEqual(
        await service.sql("select * from balance_log where order_id = ?", [orderId]),
        [],
      );
    });

    it("takes the amount of an order once if it arrives 60 times concurrently", async () => {
      const userId = await service.newUser(1_000n);
      const entry = { orderId: newId(), userId, amountCents: 300n };
      const answers = await times(30, () => service.deduct(entry, entry));
      assert.ok(answers.flat().every((reason) => reason === undefined));
      assert.equal(await service.balanceOf(userId), 700n);
    });

    it("refuses an order that asks again for another user or amount", async () => {
      const userId = await service.newUser(1_000n);
      const entry = { orderId: newId(), userId, amountCents: 300n };
      const changed = [
        { ...entry, amountCents: 301n },
        { ...entry, userId: await service.newUser(1_000n) },
      ];
      assert.deepEqual(await service.deduct(entry, ...changed), [
        undefined,
        Reason.INVALID_ARGUMENT,
        Reason.INVALID_ARGUMENT,
      ]);
      for (const other of changed) {
        assert.deepEqual(await service.deduct(other), [Reason.INVALID_ARGUMENT]);
      }
      assert.equal(await service.balanceOf(userId), 700n);
    });

    it("repeats a refusal, also after the balance has become enough", async () => {
      const userId = await service.newUser(100n);
      const entry = { orderId: newId(), userId, amountCents: 300n };
      assert.deepEqual(await service.deduct(entry), [Reason.BALANCE_NOT_ENOUGH]);
      await service.admin.topUpBalance({ requestId: newKey(), userId, amountCents: 1_000n });
      const { results } = await service.order.deductBalance({ deductions: [entry] });
      assert.deepEqual(
        { ...results[0]?.error?.metadata },
        {
          user_id: `${userId}`,
          requested: "300",
          available: "100",
        },
      );
      await service.cancel(entry.orderId, userId);
      assert.deepEqual(await service.deduct(entry), [Reason.BALANCE_NOT_ENOUGH]);
      assert.equal(await service.balanceOf(userId), 1_100n);
    });

    it("spends balances to the last cent in many concurrent batches", async () => {
      const users = [await service.newUser(1_000n), await service.newUser(1_000n)];
      const batches = Array.from({ length: 40 }, (_, batch) => {
        // Half of the batches name the users in the opposite order.
        const ordered = batch % 2 === 0 ? users : users.toReversed();
        return ordered.map((userId) => ({ orderId: newId(), userId, amountCents: 30n }));
      });
      const reasons = await Promise.all(batches.map((batch) => service.deduct(...batch)));
      const taken = reasons.flat().filter((reason) => reason === undefined).length;
      const refused = reasons
        .flat()
        .filter((reason) => reason === Reason.BALANCE_NOT_ENOUGH).length;
      assert.deepEqual([taken, refused], [66, 14]);
      for (const userId of users) assert.equal(await service.balanceOf(userId), 10n);
    });

    it("accepts 1 to 1,000 orders in one call", async () => {
      const userId = await service.newUser(1_000n);
      const many = (length: number) =>
        Array.from({ length }, () => ({ orderId: newId(), userId, amountCents: 1n }));
      assert.ok((await service.deduct(...many(1_000))).every((reason) => reason === undefined));
      assert.equal(await service.balanceOf(userId), 0n);
      await invalid(service.deduct(...many(1_001)));
      await invalid(service.deduct());
    });
  });
});
