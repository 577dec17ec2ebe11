import assert from "node:assert/strict";
import { type Database, openDatabase } from "#platform/db/database.ts";
import { Outage } from "#platform/values/refusal.ts";
import { startTcpProxy, type TcpProxy } from "../../../testbed/proxy/tcp-proxy.ts";
import { openTestDatabase, silent, type TestDatabase } from "../../../testbed/shop/database.ts";
import { openSchemas } from "../../../testbed/shop/schemas.ts";

const STATEMENT_MS = 400;

/** The server is frozen or ends sessions, and the network reports nothing. */
describe("a silent database", () => {
  let home: TestDatabase;
  let proxy: TcpProxy;
  let database: Database;

  before(async () => {
    home = await openTestDatabase();
    proxy = await startTcpProxy(process.env.SHOP_MYSQL_URL ?? "");
    const settings = { url: proxy.url, schema: home.schema, pool: 2, statementMs: STATEMENT_MS };
    const rest = { entities: [], migrations: [], name: "order", log: silent };
    database = await openDatabase({ settings, ...rest });
  });
  after(async () => {
    await proxy.mend();
    await database.close();
    await proxy.stop();
    await home.drop();
  });

  it("is an Outage within the time limit, and works again once it is back", async () => {
    const asked = () =>
      Promise.allSettled([
        database.transact("write", (tx) => tx.select("select 1")),
        database.select("select 1"),
      ]);
    await asked();
    proxy.freeze();
    const outcomes = await asked();
    await proxy.mend();
    for (const outcome of outcomes) {
      assert.ok(outcome.status === "rejected" && outcome.reason instanceof Outage);
    }
    const answers = await asked();
    assert.ok(answers.every(({ status }) => status === "fulfilled"));
  });

  it("leaves the outcome unknown if a commit gets no answer", async () => {
    const committing = database.transact("write", async (tx) => {
      await tx.select("select 1");
      proxy.freeze();
    });
    await assert.rejects(committing, /the outcome of write is unknown/);
    await proxy.mend();
    assert.equal((await database.select("select 1 as one")).length, 1);
  });

  it("costs the pool no connection when a session ends between two statements", async () => {
    const schemas = openSchemas(home.namespace);
    const idOf = async (from: Pick<Database, "select">) =>
      (await from.select<{ id: bigint }>("select connection_id() as id"))[0]?.id;
    for (let round = 0; round < 4; round += 1) {
      let runs = 0;
      await database.transact("write", async (tx) => {
        runs += 1;
        const id = await idOf(tx);
        if (runs === 1) await schemas.sql("order", "kill connection ?", [id]);
        await new Promise((resolve) => setTimeout(resolve, 20));
        await tx.select("select 1");
      });
      assert.equal(runs, 2, "the transaction of an ended session runs again in another one");
    }
    await schemas.close();
    const both = Array.from({ length: 2 }, () =>
      database.transact("wait", (tx) => tx.select("select sleep(0.05)")),
    );
    await Promise.all(both);
  });
});
