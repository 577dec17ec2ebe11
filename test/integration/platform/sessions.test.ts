import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type Connection, createConnection } from "mysql2/promise";
import { type Database, openDatabase } from "#platform/db/database.ts";
import { faultOf, UnfitServer, warningsOf } from "#platform/db/sessions.ts";
import { Outage } from "#platform/values/refusal.ts";
import { endSessions, setPassword } from "../../../testbed/engines/accounts.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { openTestDatabase, silent, type TestDatabase } from "../../../testbed/shop/database.ts";

const HOSTILE = [
  "set names latin1",
  "set session sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'",
  "set session time_zone = '+09:00'",
  "set session autocommit = 0, sql_safe_updates = 1, sql_select_limit = 1, foreign_key_checks = 0",
  "set session transaction isolation level serializable, read only",
  "set session group_concat_max_len = 4, div_precision_increment = 0, lc_time_names = 'de_DE'",
  "set session innodb_lock_wait_timeout = 1, lock_wait_timeout = 1, completion_type = 'RELEASE'",
  "set session sql_auto_is_null = 1, unique_checks = 0, sql_big_selects = 0",
  "set session sql_warnings = 1 /*!80000 , max_execution_time = 1 */" +
    " /*M!100307 , max_statement_time = 0.5, check_constraint_checks = 0 */",
];
const TEXT = "東京都 😀 Ünal ' \\ \"";

describe("sessions of a user with few rights", () => {
  const user = `few_${randomUUID().slice(0, 8)}`;
  let home: TestDatabase;
  let root: Connection;
  let url: string;
  const opened: Database[] = [];

  const open = async (schema: string, stopping?: AbortSignal) => {
    const settings = { url, schema, pool: 2 };
    const rest = { entities: [], migrations: [], name: "order", log: silent };
    const database = await openDatabase({ settings, ...rest, ...(stopping && { stopping }) });
    opened.push(database);
    return database;
  };

  before(async () => {
    home = await openTestDatabase();
    const uri = process.env.SHOP_MYSQL_URL ?? "";
    root = await createConnection({ uri });
    const address = new URL(uri);
    address.username = user;
    address.password = "few-rights-1";
    url = address.href;
    await root.query(`create user ${user} identified by 'few-rights-1'`);
    await root.query(`grant select, insert, update, delete on \`${home.schema}\`.* to ${user}`);
  });
  afterEach(async () => {
    await root.query("set global init_connect = ''");
    await Promise.all(opened.splice(0).map((database) => database.close()));
  });
  after(async () => {
    await root.query(`drop user ${user}`);
    await root.end();
    await home.drop();
  });

  it("are opened on a schema that exists and has its tables", async () => {
    const database = await open(home.schema);
    const [row] = await database.select<{ one: number }>("select 1 as one");
    assert.equal(Number(row?.one), 1);
  });

  it("refuse a schema that is missing, and name the right that creates it", async () => {
    await assert.rejects(
      open(`${home.schema}_none`),
      (error) => error instanceof UnfitServer && /does not exist.*grant CREATE/.test(error.message),
    );
  });

  it("do not depend on init_connect, for transactions and reads alike", async () => {
    await root.query("set global init_connect = ?", [HOSTILE.join("; ")]);
    const database = await open(home.schema);
    await database.transact("write", (tx) =>
      tx.change(
        `insert into parked_messages (consumer, message_key, subject, headers, payload, state,
           attempts, error) values ('c', 'k', ?, '{}', '', 1, 1, ?), ('c', 'l', 's', '{}', '', 1, 1, '')`,
        ["😀".repeat(64), TEXT],
      ),
    );
    const sql = `select subject, error, 10 / 3 as third, @@time_zone as zone, @@sql_mode as mode
      from parked_messages order by message_key`;
    const inside = await database.transact("read", (tx) => tx.select<Record<string, string>>(sql));
    const outside = await database.select<Record<string, string>>(sql);
    assert.deepEqual(inside, outside);
    assert.equal(outside.length, 2);
    assert.equal(outside[0]?.error, TEXT);
    assert.equal(outside[0]?.subject, "😀".repeat(64));
    assert.equal(outside[0]?.third, "3.3333");
    assert.equal(outside[0]?.zone, "+00:00");
    const check = "insert into outbox values (1, '', '', 1, '', '', '', 9, now(), 0, now(), null)";
    await assert.rejects(
      database.transact("check", (tx) => tx.change(check)),
      /CONSTRAINT|constraint/,
    );
    await database.transact("clear", (tx) => tx.change("delete from parked_messages"));
  });

  it("are renewed and report outages while password and grants are changed", async () => {
    const database = await open(home.schema);
    const write = () =>
      database.transact("write", (tx) => tx.change("update outbox set state = 1 where state = 1"));
    await write();
    await setPassword(root, user, "other");
    await endSessions(root, user);
    await assert.rejects(write(), Outage);
    await setPassword(root, user, "few-rights-1");
    await write();
    // A session keeps the grants on its schema, so these count for new ones.
    await root.query(`revoke insert, update on \`${home.schema}\`.* from ${user}`);
    await endSessions(root, user);
    await assert.rejects(write(), Outage);
    await root.query(`grant insert, update on \`${home.schema}\`.* to ${user}`);
    await write();
    await database.select("select 1");
  });

  it("wait for the lock of the migration as long as another session holds it", async () => {
    const name = `${home.schema}.migrate`;
    await root.query("select get_lock(?, 0)", [name]);
    let ready = false;
    const opening = open(home.schema).then(() => {
      ready = true;
    });
    await pause(2_500);
    assert.equal(ready, false);
    await root.query("select release_lock(?)", [name]);
    await opening;
    assert.ok(ready);
  });

  it("stop waiting at once when the program is asked to stop", async () => {
    const name = `${home.schema}.migrate`;
    await root.query("select get_lock(?, 0)", [name]);
    const stopping = new AbortController();
    const opening = open(home.schema, stopping.signal);
    opening.catch(() => {});
    await eventually(async () => {
      const [rows] = await root.query(
        "select 1 from information_schema.processlist where user = ?",
        [user],
      );
      assert.ok((rows as unknown[]).length > 0);
    });
    const begunMs = performance.now();
    stopping.abort();
    await assert.rejects(opening, { name: "AbortError" });
    assert.ok(performance.now() - begunMs < 500);
    await root.query("select release_lock(?)", [name]);
  });
});

describe("faultOf", () => {
  const fit: [string, string][] = [["character_set_client", "utf8mb4"]];
  it("names variable, value and remedy of what the shop cannot work with", () => {
    const cases: [string, string, RegExp][] = [
      ["character_set_results", "latin1", /character_set_results = latin1 .* utf8mb4/],
      ["foreign_key_checks", "OFF", /foreign_key_checks = OFF .* to 1/],
      ["max_allowed_packet", "1024", /max_allowed_packet = 1024; set it to at least 4194304/],
      ["transaction_isolation", "SERIALIZABLE", /SERIALIZABLE .* READ-COMMITTED/],
    ];
    assert.equal(faultOf(new Map(fit)), undefined);
    for (const [name, value, message] of cases) {
      assert.match(faultOf(new Map([...fit, [name, value]])) ?? "", message);
    }
    const flush = "innodb_flush_log_at_trx_commit";
    assert.deepEqual(warningsOf(new Map([[flush, "1"]])), []);
    assert.match(warningsOf(new Map([[flush, "2"]]))[0] ?? "", /_commit = 2: .*; set it to 1$/);
    const log: [string, string][] = [
      ["log_bin", "ON"],
      ["binlog_format", "STATEMENT"],
    ];
    assert.match(faultOf(new Map(log)) ?? "", /binlog_format = STATEMENT.*ROW/);
  });
});
