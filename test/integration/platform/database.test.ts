import assert from "node:assert/strict";
import { Migration } from "@mikro-orm/migrations";
import { defineEntity, p } from "@mikro-orm/mysql";
import type { Transaction } from "#platform/db/database.ts";
import { DuplicateKey, errorNumber } from "#platform/db/errors.ts";
import { platformMigrations } from "#platform/db/platform-migrations.ts";
import { insertRows, updateRows } from "#platform/db/rows.ts";
import { tableOf } from "#platform/db/tables.ts";
import { openTestDatabase, type TestDatabase } from "../../../testbed/shop/database.ts";

class Accounts extends Migration {
  override up(): void {
    this.addSql(`create table accounts (id bigint not null primary key, cents bigint not null,
      name varchar(100) null, opened datetime(3) not null default current_timestamp(3),
      photo blob null, constraint cents_not_negative check (cents >= 0)) engine=InnoDB`);
  }
}
const migrations = [{ name: "accounts", class: Accounts }];
const ACCOUNTS = tableOf(
  defineEntity({
    name: "Account",
    tableName: "accounts",
    properties: {
      id: p.bigint().primary(),
      cents: p.bigint(),
      name: p.string().strictNullable(),
      opened: p.datetime(3).defaultRaw("current_timestamp(3)"),
      photo: p.blob().strictNullable(),
    },
  }),
);
const BIG = 9_007_199_254_740_993n;

describe("database", () => {
  let database: TestDatabase;
  before(async () => {
    database = await openTestDatabase(migrations);
  });
  after(() => database.drop());
  beforeEach(() => database.transact("clear", (tx) => tx.change("delete from accounts")));

  const centsOf = async (id: bigint) => {
    const sql = "select cents from accounts where id = ?";
    return (await database.select<{ cents: bigint }>(sql, [id]))[0]?.cents;
  };
  const insert = (tx: Transaction, ...ids: bigint[]) =>
    insertRows(
      tx,
      ACCOUNTS,
      ["id", "cents"],
      ids.map((id) => ({ id, cents: 10n })),
    );

  it("reads exactly what was written: big integers, text, bytes, times in UTC", async () => {
    const opened = new Date("2026-11-23T10:20:30.456Z");
    const row = {
      id: BIG,
      cents: BIG,
      name: "O'Hara \\ ? 😀",
      opened,
      photo: Buffer.from([0, 255]),
    };
    await database.transact("write", (tx) =>
      insertRows(tx, ACCOUNTS, ["id", "cents", "name", "opened", "photo"], [row]),
    );
    assert.deepEqual(await database.select("select * from accounts"), [row]);
  });

  it("is READ COMMITTED, strict and in UTC on every connection", async () => {
    const [session] = await database.select<Record<string, string>>(
      "select @@time_zone as zone, @@sql_mode as mode, now(3) as now",
    );
    assert.equal(session?.zone, "+00:00");
    assert.match(session?.mode ?? "", /STRICT_ALL_TABLES/);
    await database.transact("first", (tx) => insert(tx, 1n));
    await database.transact("outer", async (tx) => {
      const count = async () => (await tx.select("select id from accounts")).length;
      assert.equal(await count(), 1);
      await database.transact("inner", (other) => insert(other, 2n));
      assert.equal(await count(), 2);
    });
  });

  it("commits everything or nothing", async () => {
    const failing = database.transact("half", async (tx) => {
      await insert(tx, 1n);
      throw new Error("halfway");
    });
    await assert.rejects(failing, /halfway/);
    assert.equal(await centsOf(1n), undefined);
  });

  it("sends deferred writes before the next statement, and before the commit", async () => {
    await database.transact("write", async (tx) => {
      await tx.write("insert into accounts (id, cents) values (?, ?)", [1n, 10n]);
      await tx.write("insert into accounts (id, cents, name) values (2, 10, ?)", ["a; b ? 'c'"]);
      assert.equal(await tx.change("update accounts set cents = cents + 1"), 2);
      await tx.write("insert into accounts (id, cents) values (3, 10)");
      assert.equal((await tx.select("select id from accounts")).length, 3);
      await tx.write("update accounts set cents = 20 where id = 3");
    });
    const rows = await database.select("select id, cents, name from accounts order by id");
    assert.deepEqual(rows, [
      { id: 1n, cents: 11n, name: null },
      { id: 2n, cents: 11n, name: "a; b ? 'c'" },
      { id: 3n, cents: 20n, name: null },
    ]);
  });

  it("rolls back if a deferred write fails, and runs no statement after it", async () => {
    for (const atTheEnd of [true, false]) {
      const seen: unknown[] = [];
      const failing = database.transact("write", async (tx) => {
        await insert(tx, 1n);
        await tx.write("update accounts set cents = cents - 11 where id = 1");
        await insert(tx, 2n);
        if (!atTheEnd) seen.push(await tx.select("select id from accounts"));
      });
      await assert.rejects(failing, (error) => {
        assert.ok([3819, 4025].includes(errorNumber(error) ?? 0));
        assert.match((error as { sql?: string }).sql ?? "", /^update accounts/);
        return true;
      });
      assert.deepEqual(seen, []);
      assert.deepEqual(await database.select("select id from accounts"), []);
    }
  });

  it("defers more writes than fit into one packet", async () => {
    const photo = Buffer.alloc(60_000, 7);
    await database.transact("write", async (tx) => {
      for (let id = 1n; id <= 30n; id += 1n) {
        await insertRows(tx, ACCOUNTS, ["id", "cents", "photo"], [{ id, cents: 10n, photo }]);
      }
    });
    const [row] = await database.select("select sum(length(photo)) as bytes from accounts");
    assert.equal(Number((row as { bytes: unknown }).bytes), 30 * 60_000);
  });

  it("runs afterCommit after the commit, and only then", async () => {
    const run: string[] = [];
    await database.transact("commits", async (tx) => {
      tx.afterCommit(() => run.push("after"));
      run.push("inside");
    });
    const failing = database.transact("fails", async (tx) => {
      tx.afterCommit(() => run.push("never"));
      throw new Error("no commit");
    });
    await assert.rejects(failing);
    assert.deepEqual(run, ["inside", "after"]);
  });

  it("updates many rows in one statement and counts the matching ones", async () => {
    await database.transact("open", (tx) => insert(tx, 1n, 2n, 3n));
    const options = { key: "id", set: ["name"], add: ["cents"], where: { cents: 10n } } as const;
    const matched = await database.transact("change", (tx) =>
      updateRows(tx, ACCOUNTS, options, [
        { id: 1n, name: "one", cents: -10n },
        { id: 2n, name: null, cents: 5n },
        { id: 9n, name: "none", cents: 1n },
      ]),
    );
    assert.equal(matched, 2);
    assert.deepEqual(await database.select("select id, cents, name from accounts order by id"), [
      { id: 1n, cents: 0n, name: "one" },
      { id: 2n, cents: 15n, name: null },
      { id: 3n, cents: 10n, name: null },
    ]);
  });

  it("writes thousands of rows, in several statements", async () => {
    const ids = Array.from({ length: 2_500 }, (_, index) => BigInt(index + 1));
    await database.transact("many", async (tx) => {
      await insert(tx, ...ids);
      const rows = ids.map((id) => ({ id, cents: id }));
      assert.equal(await updateRows(tx, ACCOUNTS, { key: "id", add: ["cents"] }, rows), 2_500);
    });
    assert.equal(await centsOf(2_500n), 2_510n);
  });

  it("locks a list of more than 1,000 keys by key, without a join", async () => {
    const ids = Array.from({ length: 1_500 }, (_, index) => BigInt(index + 1));
    await database.transact("many", (tx) => insert(tx, ...ids));
    const plan = await database.select<{ table: string; type: string }>(
      "explain format=traditional select cents from accounts where id in (?) for update",
      [ids],
    );
    assert.deepEqual(
      plan.map(({ table }) => table),
      ["accounts"],
    );
  });

  it("reports a violated CHECK by the error number of either server", async () => {
    await database.transact("open", (tx) => insert(tx, 1n));
    const overdraft = database.transact("overdraw", (tx) =>
      updateRows(tx, ACCOUNTS, { key: "id", add: ["cents"] }, [{ id: 1n, cents: -11n }]),
    );
    await assert.rejects(overdraft, (error) => [3819, 4025].includes(errorNumber(error) ?? 0));
    assert.equal(await centsOf(1n), 10n);
  });

  it("runs the loser of a deadlock again", async () => {
    await database.transact("open", (tx) => insert(tx, 1n, 2n));
    let arrived = 0;
    let meet = () => {};
    const both = new Promise<void>((resolve) => {
      meet = resolve;
    });
    const swap = (first: bigint, second: bigint) =>
      database.transact("swap", async (tx) => {
        const add = "update accounts set cents = cents + 1 where id = ?";
        await tx.change(add, [first]);
        arrived += 1;
        if (arrived >= 2) meet();
        await both;
        await tx.change(add, [second]);
      });
    await Promise.all([swap(1n, 2n), swap(2n, 1n)]);
    assert.ok(arrived > 2, "one of them ran again");
    assert.deepEqual([await centsOf(1n), await centsOf(2n)], [12n, 12n]);
  });

  it("runs again on a duplicate key, and throws DuplicateKey if the key stays taken", async () => {
    await database.transact("open", (tx) => insert(tx, 1n));
    const found = await database.transact("find", async (tx, attempt) => {
      if (attempt === 1) await insert(tx, 1n);
      const rows = await tx.select("select id from accounts where id = 1");
      return { attempt, rows: rows.length };
    });
    assert.deepEqual(found, { attempt: 2, rows: 1 });
    await assert.rejects(
      database.transact("again", (tx) => insert(tx, 1n)),
      DuplicateKey,
    );
  });

  it("migrates once if replicas start at the same moment", async () => {
    const replicas = await Promise.all(
      Array.from({ length: 3 }, () => openTestDatabase(migrations, `${database.namespace}m`)),
    );
    const names = await replicas[0]?.select<{ name: string }>("select name from schema_migrations");
    assert.deepEqual(names?.map(({ name }) => name).sort(), [
      ...platformMigrations.map(({ name }) => name),
      "accounts",
    ]);
    await replicas[1]?.close();
    await replicas[2]?.close();
    await replicas[0]?.drop();
  });
});
