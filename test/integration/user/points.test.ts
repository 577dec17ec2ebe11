import assert from "node:assert/strict";
import { newId, startUserService, type UserUnderTest, until } from "./user-service.ts";

describe("points", function () {
  this.timeout(60_000);
  let shop: UserUnderTest;
  before(async () => {
    shop = await startUserService({ POINTS_PER_UNIT: "3" });
  });
  after(() => shop.stop());

  const pointsOf = async (userId: bigint) => (await shop.admin.getUser({ userId })).user?.points;

  it("gives points for each full unit spent, newest first in the log", async () => {
    const userId = await shop.newUser();
    const orders = [99n, 100n, 1_999n, 0n].map((spentCents) => ({ orderId: newId(), spentCents }));
    for (const order of orders) {
      await shop.events.settled(await shop.events.paid({ ...order, userId }));
    }
    assert.equal(await pointsOf(userId), 60n);
    const { entries } = await shop.as(userId).listPointLog({});
    assert.deepEqual(
      entries.map(({ orderId, points, refundId }) => [orderId, points, refundId]),
      [
        [orders[2]?.orderId, 57n, 0n],
        [orders[1]?.orderId, 3n, 0n],
      ],
    );
  });

  it("gives an order its points once: the same event 1,000 times, then another event", async () => {
    const userId = await shop.newUser();
    const order = { orderId: newId(), userId, spentCents: 500n };
    const eventId = newId();
    await Promise.all(Array.from({ length: 1_000 }, () => shop.events.paid(order, eventId)));
    await shop.events.settled(await shop.events.paid(order));
    assert.equal(await pointsOf(userId), 15n);
    assert.equal((await shop.as(userId).listPointLog({})).entries.length, 1);
  });

  it("adds up many orders of many users that come at the same moment", async () => {
    const users = await Promise.all(Array.from({ length: 5 }, () => shop.newUser()));
    const eventIds = await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        shop.events.paid({
          orderId: newId(),
          userId: users[index % 5],
          spentCents: BigInt(index) * 100n,
        }),
      ),
    );
    await shop.events.settled(...eventIds);
    for (const [offset, userId] of users.entries()) {
      const expected = Array.from({ length: 60 }, (_, round) => (round * 5 + offset) * 3);
      const sum = expected.reduce((total, points) => total + points, 0);
      assert.equal(await pointsOf(userId), BigInt(sum));
    }
  });

  it("lets an event that cannot have its effect wait, and others past it", async () => {
    const userId = await shop.newUser();
    const impossible = await shop.events.paid({ orderId: newId(), userId, spentCents: -100n });
    const nobodys = await shop.events.paid({ orderId: newId(), userId: newId(), spentCents: 100n });
    await shop.events.settled(
      await shop.events.paid({ orderId: newId(), userId, spentCents: 100n }),
    );
    assert.equal(await pointsOf(userId), 3n);
    const inbox = await shop.select("select * from inbox where event_id in (?, ?)", [
      impossible,
      nobodys,
    ]);
    assert.deepEqual(inbox, []);
    await until(async () => {
      const failed = await shop.select("select * from parked_messages");
      return failed.length === 2;
    });
  });

  it("keeps a log that adds up to every user's points", async () => {
    const broken = await shop.select(
      `select u.user_id from users u left join point_log l on l.user_id = u.user_id
       group by u.user_id, u.points having u.points <> coalesce(sum(l.points), 0)`,
    );
    assert.deepEqual(broken, []);
  });
});
