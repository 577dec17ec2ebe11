import assert from "node:assert/strict";
import { ParticipantState } from "#platform/values/participant.ts";
import { BalanceLogType } from "#proto/shop/user/v1/user_pb.ts";
import { newId } from "../../../testbed/orders/fixtures.ts";
import { walksOf } from "../../../testbed/sequences.ts";
import { times } from "../participant.ts";
import { startUser, type UserUnderTest } from "./user-service.ts";

/** Deducted, cancelled, paid, and two refunds. */
const STEPS = ["D", "C", "P", "1", "2"] as const;
type Step = (typeof STEPS)[number];

const { HELD, RELEASED, EARLY } = ParticipantState;

describe("refunds", function () {
  this.timeout(120_000);
  let service: UserUnderTest;
  before(async () => {
    service = await startUser({ POINTS_PER_UNIT: "2" });
  });
  after(() => service?.stop());
  afterEach(() => service.audit());

  it("give balance back and take points, and close the hold with the last one", async () => {
    const userId = await service.newUser(1_000n);
    const orderId = newId();
    await service.deduct({ orderId, userId, amountCents: 300n });
    await service.settled(await service.paid({ orderId, userId, spentCents: 1_050n }));
    assert.deepEqual(
      [await service.balanceOf(userId), await service.pointsOf(userId)],
      [700n, 20n],
    );
    const first = { orderId, userId, refundId: newId(), balanceCents: 100n, spentCents: 151n };
    await service.settled(await service.refunded(first));
    assert.deepEqual(
      [await service.balanceOf(userId), await service.pointsOf(userId)],
      [800n, 16n],
    );
    const last = { orderId, userId, refundId: newId(), balanceCents: 200n, spentCents: 899n };
    await service.settled(await service.refunded({ ...last, whole: true }));
    assert.deepEqual(
      [await service.balanceOf(userId), await service.pointsOf(userId)],
      [1_000n, 0n],
    );
    const [hold] = await service.sql("select state from balance_holds where order_id = ?", [
      orderId,
    ]);
    assert.equal(hold?.state, RELEASED);
    const { entries } = await service.as(userId).listBalanceLog({ pageSize: 2 });
    assert.deepEqual(
      entries.map(({ type, amountCents, refundId }) => [type, amountCents, refundId]),
      [
        [BalanceLogType.REFUND, 200n, last.refundId],
        [BalanceLogType.REFUND, 100n, first.refundId],
      ],
    );
    const log = await service.as(userId).listPointLog({});
    assert.deepEqual(
      log.entries.map(({ points, refundId }) => [points, refundId]),
      [
        [-16n, last.refundId],
        [-4n, first.refundId],
        [20n, 0n],
      ],
    );
  });

  it("end the same in every sequence of up to six deductions, cancellations, payments and refunds", async () => {
    const userId = await service.newUser(100_000_000n);
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
    const publish = (
      { steps, order, refundIds }: (typeof walks)[number],
      step: Step | undefined,
    ) => {
      if (step === undefined || step === "D") return [];
      if (step === "C") return [service.cancelled(order)];
      if (step === "P") return [service.paid({ ...order, spentCents: 1_999n })];
      const refund = { ...order, ...parts[step], refundId: refundIds[step] };
      return [service.refunded({ ...refund, whole: steps.length % 2 === 0 })];
    };
    for (let index = 0; index < 6; index += 1) {
      const deductions = walks
        .filter(({ steps }) => steps[index] === "D")
        .map(({ order }) => ({ ...order, amountCents: 300n }));
      for (let start = 0; start < deductions.length; start += 1_000) {
        await service.deduct(...deductions.slice(start, start + 1_000));
      }
      const events = await Promise.all(walks.flatMap((walk) => publish(walk, walk.steps[index])));
      await service.settled(...events);
    }
    const rows = await service.sql(
      `select h.order_id as orderId, h.state,
         (select cast(-coalesce(sum(amount_cents), 0) as signed) from balance_log b where b.order_id = h.order_id) as held
       from balance_holds h`,
    );
    const ends = new Map(rows.map((row) => [row.orderId, [row.state, row.held]]));
    const points = await service.sql(
      "select order_id as orderId, cast(sum(points) as signed) as points from point_log group by order_id",
    );
    const pointsOfOrder = new Map(points.map((row) => [row.orderId, row.points]));
    for (const { steps, order } of walks) {
      const label = steps.join("");
      const has = (step: Step) => steps.includes(step);
      const left = 300n - (has("1") ? 100n : 0n) - (has("2") ? 150n : 0n);
      const open = has("D") && !has("C");
      const isEarly = !has("D") && !has("C") && (has("1") || has("2"));
      const state = open ? HELD : isEarly ? EARLY : RELEASED;
      const expected = has("D") || has("C") || isEarly ? [state, open ? left : 0n] : undefined;
      assert.deepEqual(ends.get(order.orderId), expected, label);
      const spent = (has("P") ? 1_999 : 0) - (has("1") ? 350 : 0) - (has("2") ? 649 : 0);
      assert.equal(
        pointsOfOrder.get(order.orderId) ?? 0n,
        BigInt(Math.floor(spent / 100) * 2),
        label,
      );
    }
  });

  it("take effect once if one event arrives 1,000 times and another one reports the same refund", async () => {
    const userId = await service.newUser(1_000n);
    const orderId = newId();
    await service.deduct({ orderId, userId, amountCents: 300n });
    const refund = { orderId, userId, refundId: newId(), balanceCents: 100n, spentCents: 500n };
    const eventId = newId();
    await times(1_000, () => service.refunded(refund, eventId));
    await service.settled(await service.refunded(refund));
    // This event follows all others in the stream.
    const other = { orderId: newId(), userId, refundId: newId(), balanceCents: 1n, spentCents: 0n };
    await service.settled(await service.refunded(other));
    assert.deepEqual(
      [await service.balanceOf(userId), await service.pointsOf(userId)],
      [800n, -10n],
    );
  });

  it("count each of many concurrent refunds, and give back no more than was taken", async () => {
    const userId = await service.newUser(10_000n);
    const orderIds = Array.from({ length: 20 }, newId);
    await service.deduct(...orderIds.map((orderId) => ({ orderId, userId, amountCents: 300n })));
    const events = orderIds.flatMap((orderId) => [
      service.paid({ orderId, userId, spentCents: 1_000n }),
      ...[100n, 100n, 500n].map((balanceCents) =>
        service.refunded({
          orderId,
          userId,
          refundId: newId(),
          balanceCents,
          spentCents: 133n,
        }),
      ),
    ]);
    await service.settled(...(await Promise.all(events)));
    assert.equal(await service.balanceOf(userId), 10_000n);
    assert.equal(await service.pointsOf(userId), 20n * 12n);
  });

  it("take effect once if the service is killed before or after the commit", async () => {
    const userId = await service.newUser(1_000n);
    for (const moment of ["commit.before", "commit.after"]) {
      const orderId = newId();
      await service.deduct({ orderId, userId, amountCents: 100n });
      const refund = { orderId, userId, refundId: newId(), balanceCents: 100n, spentCents: 0n };
      const eventId = newId();
      const publish = () => service.refunded(refund, eventId);
      await service.killedAt(`${moment}:refund-balance`, publish);
      await publish();
      await service.settled(eventId);
      assert.equal(await service.balanceOf(userId), 1_000n);
    }
  });
});
