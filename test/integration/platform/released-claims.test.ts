import assert from "node:assert/strict";
import type { Broker } from "#platform/events/broker.ts";
import { startRelay } from "#platform/events/relay.ts";
import { openTestDatabase, silent } from "../../../testbed/shop/database.ts";

describe("a relay that stops", () => {
  it("releases its claims, so that events on their way continue at once", async () => {
    const database = await openTestDatabase();
    await database.transact("claimed", (tx) =>
      tx.change(
        `insert into outbox (event_id, fact, event_type, order_id, payload, traceparent, consumers,
           state, next_at) values (1, 'order.v1.paid', 't', 1, '', '', 'user', 2,
           now(3) + interval 25 second)`,
      ),
    );
    const broker = { connected: () => false } as Broker;
    const relay = startRelay({ database, broker, inboxes: {}, log: silent });
    await relay.stop();
    const due = await database.select("select event_id from outbox where next_at <= now(3)");
    assert.equal(due.length, 1);
    await database.drop();
  });
});
