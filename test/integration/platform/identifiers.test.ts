import assert from "node:assert/strict";
import { type Identifiers, leaseIdentifiers } from "#platform/db/identifiers.ts";
import { EPOCH_MS } from "#platform/values/snowflake.ts";
import { SERVICES } from "#proto/services.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { openTestDatabase, silent, type TestDatabase } from "../../../testbed/shop/database.ts";

/** The first one of the order service; each service has 128. */
const FIRST_WORKER = 384;
const workerOf = (id: bigint) => Number((id >> 12n) & 1023n);

describe("leased worker numbers", () => {
  let database: TestDatabase;
  const leased: Identifiers[] = [];
  const lease = async (service: "goods" | "order" = "order") => {
    const identifiers = await leaseIdentifiers(database, {
      service,
      serviceNumber: SERVICES.indexOf(service),
      log: silent,
    });
    leased.push(identifiers);
    return identifiers;
  };
  beforeEach(async () => {
    database = await openTestDatabase();
  });
  afterEach(async () => {
    await Promise.all(leased.splice(0).map((identifiers) => identifiers.stop()));
    await database.drop();
  });

  it("differ between replicas that start at the same moment", async () => {
    const replicas = await Promise.all(Array.from({ length: 12 }, () => lease()));
    const workers = replicas.map((replica) => workerOf(replica.next()));
    assert.equal(new Set(workers).size, 12);
  });

  it("differ between services", async () => {
    const [goods, order] = [await lease("goods"), await lease("order")];
    assert.notEqual(workerOf(goods.next()), workerOf(order.next()));
  });

  it("are used again once returned, from above the holder's last identifier", async () => {
    const first = await lease();
    const last = first.next();
    await first.stop();
    const second = await lease();
    const next = second.next();
    assert.equal(workerOf(next), workerOf(last));
    assert.ok(next > last);
  });

  it("stay with a dead holder until its lease expires", async () => {
    await leaveBehind({ leasedFor: "1 minute" });
    assert.notEqual(workerOf((await lease()).next()), FIRST_WORKER);
  });

  it("are taken over from a dead holder above all of its identifiers", async () => {
    const highWaterMs = Date.now() + 30_000;
    await leaveBehind({ leasedFor: "0 second", highWaterMs });
    const id = (await lease()).next();
    assert.equal(workerOf(id), FIRST_WORKER);
    assert.ok(Number(id >> 22n) + EPOCH_MS > highWaterMs);
  });

  it("are given up once another replica has taken them over", async () => {
    const zombie = await lease();
    const worker = workerOf(zombie.next());
    await database.transact("take-over", (tx) =>
      tx.change("update snowflake_workers set owner = 'heir' where worker_id = ?", [worker]),
    );
    await eventually(() => assert.notEqual(workerOf(zombie.next()), worker));
  });

  const leaveBehind = (dead: { leasedFor: string; highWaterMs?: number }) =>
    database.transact("leave-behind", (tx) =>
      tx.change(
        `insert into snowflake_workers values (?, 'dead', now(3) + interval ${dead.leasedFor}, ?)`,
        [FIRST_WORKER, dead.highWaterMs ?? 0],
      ),
    );
});
