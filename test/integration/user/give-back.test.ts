import assert from "node:assert/strict";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Outage, Reason } from "#platform/values/refusal.ts";
import { BalanceLogType } from "#proto/shop/user/v1/user_pb.ts";
import { newId, newKey } from "../../../testbed/orders/fixtures.ts";
import { sequences } from "../../../testbed/sequences.ts";
import { times } from "../participant.ts";
import { startUser, type UserUnderTest } from "./user-service.ts";

const STEPS = ["deduct", "cancel"] as const;

describe("giving back", function () {
  this.timeout(60_000);
  let service: UserUnderTest;
  before(async () => {
    service = await startUser();
  });
  after(() => service?.stop());
  afterEach(() => service.audit());

  for (const steps of sequences(STEPS, 4)) {
    it(`loses no cent in ${steps.join(", ")}`, async () => {
      const userId = await service.newUser(1_000n);
      const orderId = newId();
      let closed = false;
      let held = false;
      for (const step of steps) {
        if (step === "cancel") {
          await service.cancel(orderId, userId);
          closed = true;
          held = false;
        } else {
          const reasons = await service.deduct({ orderId, userId, amountCents: 300n });
          assert.deepEqual(reasons, [closed ? Reason.ORDER_CLOSED : undefined]);
          held = !closed;
        }
        assert.equal(await service.balanceOf(userId), held ? 700n : 1_000n);
      }
    });
  }

  it("ends the same if deductions and cancellations are concurrent", async () => {
    const userId = await service.newUser(1_000n);
    const orderIds = Array.from({ length: 40 }, newId);
    const eventIds = await Promise.all(
      orderIds.map(async (orderId) => {
        const [eventId] = await Promise.all([
          service.cancelled({ orderId, userId }),
          service.deduct({ orderId, userId, amountCents: 10n }),
          service.deduct({ orderId, userId, amountCents: 10n }),
        ]);
        return eventId;
      }),
    );
    await service.settled(...eventIds);
    assert.equal(await service.balanceOf(userId), 1_000n);
    for (const orderId of orderIds) {
      const reasons = await service.deduct({ orderId, userId, amountCents: 10n });
      assert.deepEqual(reasons, [Reason.ORDER_CLOSED]);
    }
  });

  it("gives back once if one event arrives 1,000 times", async () => {
    const userId = await service.newUser(1_000n);
    const orderId = newId();
    await service.deduct({ orderId, userId, amountCents: 300n });
    const eventId = newId();
    await times(1_000, () => service.cancelled({ orderId, userId }, eventId));
    // This event follows all copies in the stream.
    await service.cancel(newId(), userId);
    assert.equal(await service.balanceOf(userId), 1_000n);
    const log = await service.sql("select type from balance_log where order_id = ?", [orderId]);
    assert.equal(log.length, 2);
  });

  it("ignores an event that does not name it as a holder", async () => {
    const userId = await service.newUser(1_000n);
    const orderId = newId();
    await service.deduct({ orderId, userId, amountCents: 300n });
    const eventId = await service.cancelled({
      orderId,
      userId,
      holders: ["goods", "coupon"],
    });
    await service.cancel(newId(), userId);
    assert.equal(await service.balanceOf(userId), 700n);
    assert.deepEqual(await service.sql("select * from inbox where event_id = ?", [eventId]), []);
  });

  it("gives back an amount even if the balance then exceeds the limit of top-ups", async () => {
    const userId = await service.newUser(MAX_CENTS);
    const orderId = newId();
    await service.deduct({ orderId, userId, amountCents: 5n });
    await service.admin.topUpBalance({ requestId: newKey(), userId, amountCents: 5n });
    await service.cancel(orderId, userId);
    assert.equal(await service.balanceOf(userId), MAX_CENTS + 5n);
  });

  it("decides an order once if the service is killed before or after the commit", async () => {
    const userId = await service.newUser(1_000n);
    for (const moment of ["commit.before", "commit.after"]) {
      const entry = { orderId: newId(), userId, amountCents: 100n };
      const answer = await service.killedAt(`${moment}:deduct-balance`, () =>
        service.deduct(entry),
      );
      assert.ok(answer?.status === "rejected" && answer.reason instanceof Outage);
      assert.deepEqual(await service.deduct(entry), [undefined]);
    }
    assert.equal(await service.balanceOf(userId), 800n);
  });

  it("gives back once if the service is killed before or after the commit", async () => {
    const userId = await service.newUser(1_000n);
    for (const moment of ["commit.before", "commit.after"]) {
      const orderId = newId();
      assert.deepEqual(await service.deduct({ orderId, userId, amountCents: 100n }), [undefined]);
      const eventId = newId();
      const publish = () => service.cancelled({ orderId, userId }, eventId);
      await service.killedAt(`${moment}:release-balance`, publish);
      // The broker redelivers after a while; the outbox publishes the event again earlier.
      await publish();
      await service.settled(eventId);
      assert.equal(await service.balanceOf(userId), 1_000n);
    }
  });

  it("returns the balance log newest first, page by page, each row once", async () => {
    const userId = await service.newUser(1_000n);
    const orderIds = Array.from({ length: 5 }, newId);
    for (const orderId of orderIds) await service.deduct({ orderId, userId, amountCents: 10n });
    await service.cancel(orderIds[0] as bigint, userId);
    const me = service.as(userId);
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
});
