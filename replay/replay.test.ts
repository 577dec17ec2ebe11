import assert from "node:assert/strict";
import {
  replayProgram as program,
  runReplay,
  sample,
  settingsOf,
} from "../testbed/programs/replay.ts";
import { type Shop, startShop } from "../testbed/shop/shop.ts";
import type { Result } from "./report.ts";

/** Figures of the sample that were counted without this program. */
const inSample = {
  orders: 32,
  lines: 301,
  amountCents: 812_417,
  fileLines: { read: 331, sold: 307, returned: 15, corrections: 9 },
};

describe("npm run replay", () => {
  let shop: Shop;
  before(async () => {
    shop = await startShop({ services: ["goods", "coupon", "user", "order"] });
  });
  after(() => shop?.stop());

  const replay = (
    args: string[],
    { env, onLine }: { env?: Record<string, string>; onLine?: (line: string) => void } = {},
  ) => runReplay(args, { env: { ...settingsOf(shop), ...env }, ...(onLine && { onLine }) });

  it("places the sample and finds what the file says, twice in one shop", async () => {
    for (const inFlight of ["64", "3"]) {
      const ended = await replay([sample, "--json", "--in-flight", inFlight]);
      assert.equal(ended.code, 0, ended.stderr);
      const result = JSON.parse(ended.stdout) as Result;
      const { orders, lines, amountCents, comparison, fileLines } = result;
      const { read, sold, returned, corrections } = fileLines;
      assert.deepEqual(
        { orders, lines, amountCents, fileLines: { read, sold, returned, corrections } },
        inSample,
      );
      assert.equal(comparison.same, true);
      assert.deepEqual(comparison.orders, {
        same: true,
        expected: inSample.orders,
        found: inSample.orders,
      });
      assert.deepEqual([result.refused, result.repeated], [0, 0]);
      assert.ok(result.ordersPerSecond > 0 && result.latencyMs.p99 >= result.latencyMs.p50);
      assert.equal(result.machine.loadAverageAfter.length, 3);
    }
    const goods = await shop.sql<{ status: number }>("goods", "select status from goods");
    assert.ok(goods.length > 100);
    assert.ok(
      goods.every(({ status }) => status === 2),
      "goods of the replay are on sale",
    );
  });

  it("exits with 1 and names the item when one unit is missing", async () => {
    let taken: Promise<unknown> | undefined;
    const onLine = (line: string) => {
      if (!line.startsWith("goods:")) return;
      taken ??= shop.sql(
        "goods",
        "update goods set stock = stock - 1 where sku like '%-85123A-255' order by goods_id desc limit 1",
      );
    };
    const ended = await replay([sample], { onLine });
    await taken;
    assert.equal(ended.code, 1, ended.stderr);
    assert.match(ended.stdout, /DIFFERS items with the right stock/);
    assert.match(ended.stdout, /stock of 85123A at 255 cents/);
    assert.match(ended.stdout, /same {4}orders: /);
  });

  it("exits with 1 and counts what the shop refuses", async () => {
    // The shop itself has another fee.
    const ended = await replay([sample, "--json", "--limit", "5"], {
      env: { SHIPPING_FEE_CENTS: "700" },
    });
    assert.equal(ended.code, 1, ended.stderr);
    const { refused, refusals, comparison } = JSON.parse(ended.stdout) as Result;
    assert.deepEqual(refusals, { SHIPPING_FEE_INVALID: refused });
    assert.equal(comparison.orders.expected - comparison.orders.found, refused);
    assert.equal(comparison.stock.same, false);
  });

  it("exits with 2 and one line when the command line or the file is wrong", async () => {
    const wrong: [string[], RegExp][] = [
      [[], /FILE/],
      [["/no/such/file.csv"], /no file \/no\/such\/file\.csv/],
      [[program], /run\.ts has no column/],
      [[sample, "--quickly"], /--quickly/],
      [[sample, "--in-flight", "0"], /--in-flight/],
    ];
    for (const [args, message] of wrong) {
      const ended = await replay(args);
      assert.equal(ended.code, 2, ended.stderr);
      assert.match(ended.stderr, message);
      assert.equal(ended.stderr.trim().split("\n").length, 1, ended.stderr);
      assert.equal(ended.stdout, "");
    }
  });

  it("exits with 1 and one line when no shop is running", async () => {
    const ended = await runReplay([sample, "--json"], {
      env: { SHOP_GOODS_ADDRESS: "127.0.0.1:1" },
    });
    assert.equal(ended.code, 1, ended.stderr);
    assert.match(ended.stderr, /^the shop is not running: .*127\.0\.0\.1:1.*\n$/);
    assert.equal(ended.stdout, "");
  });
}).timeout(60_000);
