import assert from "node:assert/strict";
import { eventually } from "../../../testbed/eventually.ts";
import { newId } from "../../../testbed/orders/fixtures.ts";
import { times } from "../participant.ts";
import { startUser, type UserUnderTest } from "./user-service.ts";

describe("points", function () {
  this.timeout(60_000);
  let service: UserUnderTest;
  before(async () => {
    service = await startUser({ POINTS_PER_UNIT: "3" });
  });
  after(() => service?.stop());
  afterEach(() => service.audit());

  it("awards points for each full unit spent, newest first in the log", async () => {
    const userId = await service.newUser();
    const orders = [99n, 100n, 1_999n, 0n].map((spentCents) => ({ orderId: newId(), spentCents }));
    for (const order of orders) {
      await service.settled(await service.paid({ ...order, userId }));
    }
    assert.equal(await service.pointsOf(userId), 60n);
    const { entries } = await service.as(userId).listPointLog({});
    assert.deepEqual(
      entries.map(({ orderId, points, refundId }) => [orderId, points, refundId]),
      [
        [orders[2]?.orderId, 57n, 0n],
        [orders[1]?.orderId, 3n, 0n],
      ],
    );
  });

  it("gives and takes points by what the order was placed with, not by the settings", async () => {
    const userId = await service.newUser();
    const yen = { userId, orderId: newId(), pointsPerUnit: 2n, currencyCode: "JPY" };
    await service.settled(await service.paid({ ...yen, spentCents: 24_690n }));
    assert.equal(await service.pointsOf(userId), 49_380n);
    const refund = { ...yen, refundId: newId(), spentCents: 690n };
    await service.settled(await service.refunded(refund));
    assert.equal(await service.pointsOf(userId), 48_000n);
    const dinars = { userId, orderId: newId(), pointsPerUnit: 1n, currencyCode: "KWD" };
    await service.settled(await service.paid({ ...dinars, spentCents: 2_999n }));
    assert.equal(await service.pointsOf(userId), 48_002n);
  });

  it("awards an order its points once for 1,000 copies of an event and another event", async () => {
    const userId = await service.newUser();
    const order = { orderId: newId(), userId, spentCents: 500n };
    const eventId = newId();
    await times(1_000, () => service.paid(order, eventId));
    await service.settled(await service.paid(order));
    assert.equal(await service.pointsOf(userId), 15n);
    assert.equal((await service.as(userId).listPointLog({})).entries.length, 1);
  });

  it("adds up many concurrent orders of many users", async () => {
    const users = await times(5, () => service.newUser());
    const eventIds = await times(300, (index) =>
      service.paid({
        orderId: newId(),
        userId: users[index % 5],
        spentCents: BigInt(index) * 100n,
      }),
    );
    await service.settled(...eventIds);
    for (const [offset, userId] of users.entries()) {
      const expected = Array.from({ length: 60 }, (_, round) => (round * 5 + offset) * 3);
      const sum = expected.reduce((total, points) => total + points, 0);
      assert.equal(await service.pointsOf(userId), BigInt(sum));
    }
  });

  it("parks an event that it cannot process, and processes the events after it", async () => {
    const userId = await service.newUser();
    const impossible = await service.paid({ orderId: newId(), userId, spentCents: -100n });
    const ofUnknownUser = await service.paid({
      orderId: newId(),
      userId: newId(),
      spentCents: 100n,
    });
    await service.settled(await service.paid({ orderId: newId(), userId, spentCents: 100n }));
    assert.equal(await service.pointsOf(userId), 3n);
    const inbox = await service.sql("select * from inbox where event_id in (?, ?)", [
      impossible,
      ofUnknownUser,
    ]);
    assert.deepEqual(inbox, []);
    await eventually(async () => {
      assert.equal((await service.sql("select * from parked_messages")).length, 2);
    });
  });
});
