import assert from "node:assert/strict";
import { defineEntity, p } from "@mikro-orm/mysql";
import { insertRows, updateRows, updateSql } from "./rows.ts";
import { expression } from "./sql.ts";
import { type RowOf, tableOf } from "./tables.ts";

const AccountEntity = defineEntity({
  name: "Account",
  tableName: "accounts",
  properties: {
    accountId: p.bigint().primary(),
    name: p.string(),
    kind: p.smallint().$type<1 | 2>().default(1),
    balanceCents: p.bigint().fieldName("cents"),
    photo: p.blob().strictNullable(),
  },
});
const ACCOUNTS = tableOf(AccountEntity);

const ada = { accountId: 7n, name: "Ada", balanceCents: 5n };

/** A transaction that records what it is given. */
function recorder() {
  const statements: string[] = [];
  const run = async (sql: string) => statements.push(sql.replaceAll(/\s+/g, " "));
  return { statements, write: async (sql: string) => void (await run(sql)), change: run };
}

describe("a table", () => {
  it("selects columns under the names of their properties", () => {
    assert.equal(ACCOUNTS.name, "accounts");
    assert.equal(ACCOUNTS.sql, "account_id as accountId, name, kind, cents as balanceCents, photo");
    assert.equal(ACCOUNTS.pick("name", "balanceCents").sql, "name, cents as balanceCents");
    assert.equal(ACCOUNTS.pickAs("a", "name").sql, "a.name as name");
  });

  it("types its rows by its entity", () => {
    const row: RowOf<typeof ACCOUNTS> = { ...ada, kind: 2, photo: null };
    // @ts-expect-error: 3 is no kind.
    const kind: RowOf<typeof ACCOUNTS>["kind"] = 3;
    // @ts-expect-error: there is no such column.
    assert.throws(() => ACCOUNTS.pick("age"), /accounts has no column for the property age/);
    assert.ok(row && kind);
  });

  it("inserts the listed columns, and nothing else that an object carries", async () => {
    const tx = recorder();
    const listed = ["accountId", "name", "balanceCents"] as const;
    const bob = { accountId: 8n, name: "Bob's", balanceCents: expression("1 + 1"), age: 41 };
    const older = { ...ada, kind: 2 };
    await insertRows(tx, ACCOUNTS, listed, [bob, older]);
    assert.deepEqual(tx.statements, [
      "insert into accounts (account_id,name,cents) values (8,'Bob\\'s',1 + 1),(7,'Ada',5)",
    ]);
    await insertRows(tx, ACCOUNTS, listed, []);
    assert.equal(tx.statements.length, 1);
    // @ts-expect-error: a column that is neither nullable nor has a default is missing.
    await insertRows(tx, ACCOUNTS, ["accountId", "name"], [ada]);
    // @ts-expect-error: a row without a listed property.
    await insertRows(tx, ACCOUNTS, [...listed, "kind"], [ada]);
    // @ts-expect-error: there is no such column.
    await assert.rejects(insertRows(tx, ACCOUNTS, [...listed, "age"], [bob]), /no column/);
  });

  it("updates many rows in one statement, under a condition", async () => {
    const tx = recorder();
    const options = {
      key: "accountId",
      set: ["name"],
      add: ["balanceCents"],
      where: { kind: [1, 2], photo: null },
    } as const;
    await updateRows(tx, ACCOUNTS, options, [ada, { ...ada, accountId: 8n, balanceCents: -5n }]);
    assert.deepEqual(tx.statements, [
      "update accounts t join (select 7 as account_id,'Ada' as name,5 as cents " +
        "union all select 8,'Ada',-5) v on t.account_id = v.account_id " +
        "set t.name = v.name, t.cents = t.cents + v.cents " +
        "where t.kind in (1,2) and t.photo is null",
    ]);
    // @ts-expect-error: a row without a value for `set`.
    await updateRows(tx, ACCOUNTS, { key: "accountId", set: ["kind"] }, [{ accountId: 7n }]);
  });

  it("writes one update of all rows that meet a condition, and never of a whole table", () => {
    assert.equal(
      updateSql(ACCOUNTS, { name: "Ada", kind: undefined, photo: null }, { accountId: [7n, 8n] }),
      "update accounts set name = 'Ada', photo = NULL where account_id in (7,8)",
    );
    assert.equal(
      updateSql(ACCOUNTS, { kind: 2 }, { accountId: [] }),
      "update accounts set kind = 2 where account_id in (NULL)",
    );
    assert.throws(() => updateSql(ACCOUNTS, { kind: 2 }, {}), /needs a change and a condition/);
    assert.throws(() => updateSql(ACCOUNTS, {}, { kind: 2 }), /needs a change and a condition/);
  });
});
