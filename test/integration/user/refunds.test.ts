import assert from "node:assert/strict";
import { BalanceLogType } from "#proto/shop/user/v1/user_pb.ts";
import { walksOf } from "../../../testbed/sequences.ts";
import { newId, startUserService, type UserUnderTest } from "./user-service.ts";

/** D deduct, C cancelled, P paid, 1 and 2 two refunds. */
const STEPS = ["D", "C", "P", "1", "2"] as const;
type Step = (typeof STEPS)[number];

const HELD = 1;
const RELEASED = 2;
const EARLY = 4;

describe("refunds", function () {
  this.timeout(120_000);
  let shop: UserUnderTest;
  before(async () => {
    shop = await startUserService({ POINTS_PER_UNIT: "2" });
  });
  after(() => shop?.stop());
  afterEach(async () => {
    const broken = await shop.select(
      `select user_id from users u
       where balance_cents <> (select coalesce(sum(amount_cents), 0) from balance_log b where b.user_id = u.user_id)
         or points <> (select coalesce(sum(points), 0) from point_log p where p.user_id = u.user_id)`,
    );
    assert.deepEqual(broken, [], "balance and points are the sums of their logs");
  });

  const pointsOf = async (userId: bigint) => (await shop.admin.getUser({ userId })).user?.points;

  it("give balance back and take points, part by part, and close the hold with the last one", async () => {
    const userId = await shop.newUser(1_000n);
    const orderId = newId();
    await shop.deduct({ orderId, userId, amountCents: 300n });
    await shop.events.settled(await shop.events.paid({ orderId, userId, spentCents: 1_050n }));
    assert.deepEqual([await shop.balanceOf(userId), await pointsOf(userId)], [700n, 20n]);
    const first = { orderId, userId, refundId: newId(), balanceCents: 100n, spentCents: 151n };
    await shop.events.settled(await shop.events.refunded(first));
    assert.deepEqual([await shop.balanceOf(userId), await pointsOf(userId)], [800n, 16n]);
    const last = { orderId, userId, refundId: newId(), balanceCents: 200n, spentCents: 899n };
    await shop.events.settled(await shop.events.refunded({ ...last, whole: true }));
    assert.deepEqual([await shop.balanceOf(userId), await pointsOf(userId)], [1_000n, 0n]);
    const [hold] = await shop.select("select state from balance_holds where order_id = ?", [
      orderId,
    ]);
    assert.equal(hold?.state, RELEASED);
    const { entries } = await shop.as(userId).listBalanceLog({ pageSize: 2 });
    assert.deepEqual(
      entries.map(({ type, amountCents, refundId }) => [type, amountCents, refundId]),
      [
        [BalanceLogType.REFUND, 200n, last.refundId],
        [BalanceLogType.REFUND, 100n, first.refundId],
      ],
    );
    const log = await shop.as(userId).listPointLog({});
    assert.deepEqual(
      log.entries.map(({ points, refundId }) => [points, refundId]),
      [
        [-16n, last.refundId],
        [-4n, first.refundId],
        [20n, 0n],
      ],
    );
  });

  it("end the same in every order of an order's events, up to six with repetitions", async () => {
    const userId = await shop.newUser(100_000_000n);
    const parts = {
      "1": { balanceCents: 100n, spentCents: 350n },
      "2": { balanceCents: 150n, spentCents: 649n },
    };
    const walks = walksOf(STEPS).map((steps) => ({
      steps,
      order: { orderId: newId(), userId },
      refundIds: { "1": newId(), "2": newId() },
    }));
    assert.ok(walks.length > 5_000);
    const tell = ({ steps, order, refundIds }: (typeof walks)[number], step: Step | undefined) => {
      if (step === undefined || step === "D") return [];
      if (step === "C") return [shop.events.cancelled(order)];
      if (step === "P") return [shop.events.paid({ ...order, spentCents: 1_999n })];
      const refund = { ...order, ...parts[step], refundId: refundIds[step] };
      return [shop.events.refunded({ ...refund, whole: steps.length % 2 === 0 })];
    };
    for (let index = 0; index < 6; index += 1) {
      const deductions = walks
        .filter(({ steps }) => steps[index] === "D")
        .map(({ order }) => ({ ...order, amountCents: 300n }));
      for (let start = 0; start < deductions.length; start += 1_000) {
        await shop.deduct(...deductions.slice(start, start + 1_000));
      }
      const told = await Promise.all(walks.flatMap((walk) => tell(walk, walk.steps[index])));
      await shop.events.settled(...told);
    }
    const rows = await shop.select(
      `select h.order_id as orderId, h.state,
         (select cast(-coalesce(sum(amount_cents), 0) as signed) from balance_log b where b.order_id = h.order_id) as held
       from balance_holds h`,
    );
    const ends = new Map(rows.map((row) => [row.orderId, [row.state, row.held]]));
    const points = await shop.select(
      "select order_id as orderId, cast(sum(points) as signed) as points from point_log group by order_id",
    );
    const pointsOfOrder = new Map(points.map((row) => [row.orderId, row.points]));
    for (const { steps, order } of walks) {
      const told = steps.join("");
      const has = (step: Step) => steps.includes(step);
      const left = 300n - (has("1") ? 100n : 0n) - (has("2") ? 150n : 0n);
      const open = has("D") && !has("C");
      const waits = !has("D") && !has("C") && (has("1") || has("2"));
      const state = open ? HELD : waits ? EARLY : RELEASED;
      const expected = has("D") || has("C") || waits ? [state, open ? left : 0n] : undefined;
      assert.deepEqual(ends.get(order.orderId), expected, told);
      const spent = (has("P") ? 1_999 : 0) - (has("1") ? 350 : 0) - (has("2") ? 649 : 0);
      assert.equal(
        pointsOfOrder.get(order.orderId) ?? 0n,
        BigInt(Math.floor(spent / 100) * 2),
        told,
      );
    }
  });

  it("have their effect once when one event comes 1,000 times, and another event tells the same refund", async () => {
    const userId = await shop.newUser(1_000n);
    const orderId = newId();
    await shop.deduct({ orderId, userId, amountCents: 300n });
    const refund = { orderId, userId, refundId: newId(), balanceCents: 100n, spentCents: 500n };
    const eventId = newId();
    await Promise.all(Array.from({ length: 1_000 }, () => shop.events.refunded(refund, eventId)));
    await shop.events.settled(await shop.events.refunded(refund));
    // Behind all the others in the stream.
    const other = { orderId: newId(), userId, refundId: newId(), balanceCents: 1n, spentCents: 0n };
    await shop.events.settled(await shop.events.refunded(other));
    assert.deepEqual([await shop.balanceOf(userId), await pointsOf(userId)], [800n, -10n]);
  });

  it("count each when many of one order and of many come at once, and give no more than was taken", async () => {
    const userId = await shop.newUser(10_000n);
    const orderIds = Array.from({ length: 20 }, newId);
    await shop.deduct(...orderIds.map((orderId) => ({ orderId, userId, amountCents: 300n })));
    const told = orderIds.flatMap((orderId) => [
      shop.events.paid({ orderId, userId, spentCents: 1_000n }),
      ...[100n, 100n, 500n].map((balanceCents) =>
        shop.events.refunded({
          orderId,
          userId,
          refundId: newId(),
          balanceCents,
          spentCents: 133n,
        }),
      ),
    ]);
    await shop.events.settled(...(await Promise.all(told)));
    assert.equal(await shop.balanceOf(userId), 10_000n);
    assert.equal(await pointsOf(userId), 20n * 12n);
  });

  it("have their effect once when the service dies before or after the commit", async () => {
    const userId = await shop.newUser(1_000n);
    for (const moment of ["commit.before", "commit.after"]) {
      const orderId = newId();
      await shop.deduct({ orderId, userId, amountCents: 100n });
      await shop.restart({ SHOP_FAILPOINT: `${moment}:refund-balance:1:kill` });
      const refund = { orderId, userId, refundId: newId(), balanceCents: 100n, spentCents: 0n };
      const eventId = await shop.events.refunded(refund);
      await shop.ended();
      await shop.restart({ POINTS_PER_UNIT: "2" });
      await shop.events.refunded(refund, eventId);
      await shop.events.settled(eventId);
      assert.equal(await shop.balanceOf(userId), 1_000n);
    }
  });
});
