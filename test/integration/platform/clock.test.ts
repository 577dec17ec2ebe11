import assert from "node:assert/strict";
import { clocksAgree, isDue } from "#platform/db/clock.ts";
import type { Transaction } from "#platform/db/database.ts";
import { claimRows } from "#platform/events/claims.ts";
import { OutboxState } from "#platform/events/outbox-table.ts";
import { openTestDatabase, type TestDatabase } from "../../../testbed/shop/database.ts";

const HOUR_SECONDS = 3_600;

describe("a database whose clock jumps", () => {
  let database: TestDatabase;
  before(async () => {
    database = await openTestDatabase();
  });
  after(() => database.drop());

  /** Runs `work` in a session whose clock is ahead. */
  const at = <T>(aheadSeconds: number, work: (tx: Transaction) => Promise<T>) =>
    database.transact("shifted", async (tx) => {
      await tx.change("set timestamp = unix_timestamp(now(6)) + ?", [aheadSeconds]);
      try {
        return await work(tx);
      } finally {
        await tx.change("set timestamp = default");
      }
    });
  const says = async (tx: Transaction, condition: string) =>
    Number((await tx.select<{ yes: number }>(`select ${condition} as yes`))[0]?.yes) === 1;

  it("agrees with the clock of the process within the tolerance", async () => {
    for (const [ahead, agrees] of [
      [0, true],
      [30, true],
      [-30, true],
      [HOUR_SECONDS, false],
      [-HOUR_SECONDS, false],
    ] as const) {
      assert.equal(await at(ahead, (tx) => says(tx, clocksAgree())), agrees, `${ahead} s ahead`);
    }
  });

  it("is due at its time, and at times too far ahead after the clock was set back", async () => {
    for (const [ahead, due] of [
      [-1, true],
      [5, false],
      [19, false],
      [25, true],
      [HOUR_SECONDS, true],
    ] as const) {
      const time = `(now(3) + interval ${ahead} second)`;
      const found = await at(0, (tx) => says(tx, isDue(time, 10_000)));
      assert.equal(found, due, `${ahead} s ahead`);
    }
  });

  it("publishes events at once that were written while the clock was an hour ahead", async () => {
    const event = (id: number) =>
      `(${id}, 'order.v1.paid', 'x', 1, '', '', 'goods', 1, now(3) + interval 10 second)`;
    const columns =
      "event_id, fact, event_type, order_id, payload, traceparent, consumers, state, next_at";
    const insert = (id: number) => `insert into outbox (${columns}) values ${event(id)}`;
    await at(HOUR_SECONDS, (tx) => tx.change(insert(1)));
    await at(0, (tx) => tx.change(insert(2)));
    const claimed = await claimRows(database, { state: OutboxState.NEW, limit: 10 });
    assert.deepEqual(
      claimed.map((row) => row.eventId),
      [1n],
    );
  });
});
