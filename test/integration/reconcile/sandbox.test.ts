import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { payConfig } from "../../../services/pay/config.ts";
import { temporaryDirectory } from "../../../testbed/engines/directories.ts";
import { auditIsClean } from "../../../testbed/orders/audit.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { type Everything, liveThrough } from "../audit/everything.ts";
import { awayFromMidnight, commandEnv, MIDNIGHT_MS, reconcile, run, today } from "./commands.ts";

describe("npm run reconcile and npm run books", function () {
  this.timeout(120_000 + MIDNIGHT_MS);
  let shop: Shop;
  let env: NodeJS.ProcessEnv;
  let orders: Everything;
  let day: string;
  before(async () => {
    await awayFromMidnight();
    day = today();
    shop = await startShop({ sandbox: true, gateway: true });
    env = commandEnv(shop);
    orders = await liveThrough(shop);
    await auditIsClean(shop);
  });
  after(() => shop?.stop());

  type Row = { type: string; merchant_trade_id: string; amount_cents: string };
  type File = { rows: Row[]; payments: number; refunds: number };
  /** A file with the day's statement, changed. */
  const changed = async (change: (rows: Row[]) => Row[]) => {
    const { providers } = payConfig(env);
    const file = await providers.get("sandbox")?.statement(day);
    assert.ok(file instanceof Uint8Array);
    const statement: File = JSON.parse(Buffer.from(file).toString());
    const rows = change(statement.rows);
    const count = (type: string) => rows.filter((row) => row.type === type).length;
    const path = join(temporaryDirectory(), "statement.json");
    const content = { ...statement, rows, payments: count("payment"), refunds: count("refund") };
    writeFileSync(path, JSON.stringify(content));
    return ["--day", day, "--provider", "sandbox", "--file", path];
  };

  it("finds no difference after everything that can happen to orders", async () => {
    const found = await reconcile(["--day", day], env);
    assert.deepEqual([found.code, found.differences, found.unseen], [0, [], []]);
    const [paid] = await shop.sql<{ n: bigint; cents: string }>(
      "pay",
      "select count(*) as n, sum(amount_cents) as cents from payments where status in (2, 4, 5)",
    );
    assert.equal(found.totals["sandbox payments"], `${paid?.n} ${paid?.cents} EUR`);
    const same = await reconcile(await changed((rows) => rows), env);
    assert.equal(same.code, 0);
    const { stdout } = await run("reconcile", ["--day", day], env);
    assert.match(stdout, new RegExp(`^sandbox, ${day} .*\n  payments +\\d+ +[\\d.]+ EUR\n`));
    assert.match(stdout, new RegExp(`${day}: no difference\n$`));
  });

  for (const type of ["payment", "refund"] as const) {
    it(`names exactly the ${type} that is changed, dropped or doubled in the statement`, async () => {
      const first = (rows: Row[]) => rows.findIndex((row) => row.type === type);
      const item = (row: Row & { merchant_refund_id?: string }) =>
        `${type} ${row.merchant_refund_id ?? row.merchant_trade_id}`;
      for (const [kind, change] of [
        [
          "differs",
          (row: Row): Row[] => [{ ...row, amount_cents: `${BigInt(row.amount_cents) + 1n}` }],
        ],
        ["only_here", (): Row[] => []],
        ["repeated", (row: Row): Row[] => [row, row]],
      ] as const) {
        let name = "";
        const args = await changed((rows) => {
          const at = first(rows);
          const row = rows[at] as Row;
          name = item(row);
          return [...rows.slice(0, at), ...change(row), ...rows.slice(at + 1)];
        });
        const { code, differences } = await reconcile(args, env);
        assert.deepEqual([code, differences], [1, [`sandbox ${type}_${kind} ${name}`]]);
      }
    });
  }

  it("exits with 2 for a wrong command line and a file that cannot be read", async () => {
    const cut = await changed((rows) => rows.slice(1));
    const file = cut.at(-1) ?? "";
    writeFileSync(file, '{"rows":[],"payments":1,"refunds":0}');
    const at = ["--day", day, "--provider", "sandbox", "--file"];
    for (const [args, message] of [
      [[], /--day must be a day such as 2026-11-26, not ""/],
      [["--day", "2026-02-30"], /--day must be a day/],
      [["--day", day, "--provider", "paypal"], /--provider must be one of alipay/],
      [["--day", day, "--file", file], /--file needs --provider/],
      [["--day", day, "--provider", "alipay"], /alipay has no settings here/],
      [[...at, "/nowhere/statement.json"], /cannot read \/nowhere\/statement.json: ENOENT/],
      [[...at, file], /cannot read .*: the statement is not complete: it says 1 as payments/],
    ] as const) {
      const { code, stdout, stderr } = await run("reconcile", args, env);
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, message);
    }
    const other = await changed((rows) => rows);
    const { stderr } = await run("reconcile", ["--day", "2020-01-01", ...other.slice(2)], env);
    assert.match(stderr, /row 1 is of .*, which is not on 2020-01-01/);
  });

  it("exits with 3 where a provider does not answer or has no settings", async () => {
    const away = { ...env, SHOP_SANDBOX_URL: "http://127.0.0.1:1" };
    const { code, differences, unseen } = await reconcile(["--day", day], away);
    assert.deepEqual([code, differences], [3, []]);
    assert.match(unseen[0]?.why ?? "", /does not answer/);
    const rename = "update payments set provider = ? where provider = ? and status in (2, 4, 5)";
    await shop.sql("pay", rename, ["stripe", "sandbox"]);
    try {
      const without = await reconcile(["--day", day], env);
      assert.deepEqual(without.unseen, [{ provider: "stripe", why: "it has no settings here" }]);
    } finally {
      await shop.sql("pay", rename, ["sandbox", "stripe"]);
    }
  });

  it("keeps books that sum to zero and equal what orders, payments and balances say", async () => {
    const { code, stdout } = await run("books", ["--day", day, "--json"], env);
    assert.equal(code, 0);
    const { movements, accounts } = JSON.parse(stdout);
    assert.ok(movements.length > 20);
    const balance = Object.fromEntries(
      accounts.map((one: { account: string; debit_cents: string; credit_cents: string }) => {
        return [one.account, BigInt(one.debit_cents) - BigInt(one.credit_cents)];
      }),
    );
    assert.equal(
      Object.values<bigint>(balance).reduce((sum, cents) => sum + cents, 0n),
      0n,
    );
    const one = async (service: "order" | "pay" | "user", sql: string) => {
      const [row] = await shop.sql<{ cents: string }>(service, `select ${sql} as cents`);
      return BigInt(row?.cents ?? 0);
    };
    const paid = "from orders where pay_status <> 1)";
    assert.deepEqual(balance, {
      "receivable:sandbox": await one(
        "pay",
        "(select sum(amount_cents - refunded_cents) from payments where status in (2, 4, 5))",
      ),
      customer_balances: -(await one("user", "(select sum(balance_cents) from users)")),
      // Nothing is unpaid that holds balance, and nothing came in too late.
      deposits: 0n,
      top_ups: await one("user", "(select sum(amount_cents) from balance_log where type = 1)"),
      revenue: -(await one("order", `(select sum(goods_amount_cents) ${paid}`)),
      shipping:
        (await one("order", "(select sum(shipping_cents) from refunds where status = 2)")) -
        (await one("order", `(select sum(shipping_fee_cents) ${paid}`)),
      coupons: await one("order", `(select sum(coupon_paid_cents) ${paid}`),
      refunds: await one("order", "(select sum(spent_cents) from refunds where status = 2)"),
    });
  });

  it("prints the journal for people, as CSV and with the statements", async () => {
    const { stdout } = await run("books", ["--day", day], env);
    assert.match(
      stdout,
      new RegExp(`order ${orders.paid.orderId} +deposits +revenue +\\d+\\.\\d\\d EUR`),
    );
    assert.match(stdout, new RegExp(`\n${day} \\(\\+00:00\\): \\d+ movements\n$`));
    const csv = await run("books", ["--day", day, "--csv", "--statements"], env);
    const [header, ...lines] = csv.stdout.trim().split("\n");
    assert.equal(header, "time,item,order,debit,credit,amount,minor_units,currency");
    assert.ok(lines.every((line) => line.split(",").length === 8));
    assert.equal(csv.code, 0, csv.stderr);
    const before = await run("books", ["--day", "2020-01-01"], env);
    assert.equal(before.stdout, "2020-01-01 (+00:00): nothing moved\n");
    const wrong = await run("books", ["--day", day, "--zone", "Beijing"], env);
    assert.deepEqual([wrong.code, wrong.stderr.includes("--zone must be as +08:00")], [2, true]);
  });
});
