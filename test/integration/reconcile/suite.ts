import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Order, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { providerSettings } from "../../../local/up/offer-simulated.ts";
import { payConfig } from "../../../services/pay/config.ts";
import { dayBounds } from "../../../services/pay/providers/statement.ts";
import { temporaryDirectory } from "../../../testbed/engines/directories.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newGoods, newShopper, placeRequest } from "../../../testbed/orders/fixtures.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { refund } from "../audit/everything.ts";
import { awayFromMidnight, commandEnv, MIDNIGHT_MS, reconcile, run, today } from "./commands.ts";
import type { StatementFiles } from "./statement-files.ts";

type Name = "alipay" | "wechatpay" | "stripe";

/** A payment as the shopper finds it: its number, its action, and the provider's numbers. */
export type ToPay = { paymentId: bigint; checkoutUrl: string; references: Record<string, string> };

export type Reconciled<R> = {
  currency: string;
  /** How far the days of the provider are ahead of UTC. */
  aheadMs: number;
  files: StatementFiles<R>;
  /** The simulator's number of a payment. */
  numberOf(payment: ToPay): string;
  /** What else happens on the day, none of which is a difference. */
  onDay?(at: OnDay): Promise<void>;
};

type OnDay = {
  shop: Shop;
  /** Places an order and pays it by a method of the simulator. */
  payBy(method: string): Promise<{ order: Order; paid: ToPay }>;
};

const HOUR_MS = 3_600_000;
/** From the end of a day until every provider has its statement. */
const READY_MS = 10 * HOUR_MS + 60_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Pays and refunds orders at the simulator of a provider, moves its clock to the next day, and
 * compares the statement with the shop.
 */
export function describeReconciling<R>(provider: Name, what: Reconciled<R>): void {
  describe(`npm run reconcile with ${provider}`, function () {
    this.timeout(120_000 + MIDNIGHT_MS);
    const { files } = what;
    let shop: Shop;
    let env: NodeJS.ProcessEnv;
    let day: string;
    let paid: ToPay[];
    let file: Uint8Array;

    before(async () => {
      await awayFromMidnight(what.aheadMs);
      const settings = { SHOP_CURRENCY: what.currency };
      shop = await startShop({ simulators: true, sandbox: true, gateway: true, env: settings });
      const accounts = await shop.simulators.accounts();
      env = commandEnv(shop, { ...settings, ...providerSettings(accounts)[provider] });
      day = today(what.aheadMs);
      const orders = await Promise.all([1n, 2n, 3n].map((quantity) => place(quantity)));
      paid = [];
      for (const order of orders) paid.push(await payFor(order));
      const [first, second] = orders as [Order, Order];
      const goodsId = first.lines[0]?.goodsId ?? 0n;
      await refund(shop, second, [{ goodsId: second.lines[0]?.goodsId ?? goodsId, quantity: 1n }]);
      await refund(shop, first, []);
      const payBy = async (method: string) => {
        const order = await place(1n);
        return { order, paid: await payFor(order, method) };
      };
      await what.onDay?.({ shop, payBy });
      await advanceTo(day);
      const statement = await payConfig(env).providers.get(provider)?.statement(day);
      assert.ok(statement instanceof Uint8Array);
      file = statement;
    });
    after(() => shop?.stop());

    /** The simulators' clock goes to the hour at which the statement of the day is ready. */
    async function advanceTo(wanted: string): Promise<void> {
      const { to } = dayBounds(wanted, what.aheadMs) ?? assert.fail();
      const now = await shop.simulators.now();
      await shop.simulators.advance(to.getTime() + READY_MS - now.getTime());
    }

    async function place(quantity: bigint): Promise<Order> {
      const goods = await newGoods(shop, { name: "Tea, green: 5 × `a`", unitPriceCents: 1_234n });
      const { userId, calls } = await newShopper(shop);
      const { order } = await calls.order.placeOrder(
        placeRequest({ userId, lines: [[goods, quantity]] }),
      );
      assert.ok(order);
      return order;
    }

    async function payFor({ orderId, userId }: Order, method?: string): Promise<ToPay> {
      const { payment } = await shop.user(userId).pay.createPayment({
        orderId,
        provider,
        returnUrl: "http://localhost:3000/thanks",
      });
      assert.ok(payment);
      const [row] = await shop.sql<{ json: string | null }>(
        "pay",
        "select provider_references as json from payments where payment_id = ?",
        [payment.paymentId],
      );
      const { paymentId, checkoutUrl } = payment;
      const toPay = { paymentId, checkoutUrl, references: JSON.parse(row?.json ?? "{}") };
      // A payment by an Alipay link exists once the link was followed.
      if (checkoutUrl !== "") await (await fetch(checkoutUrl)).arrayBuffer();
      await shop.simulators[provider].pay(what.numberOf(toPay), method ? { method } : {});
      await eventually(async () => {
        const { order } = await shop.admin.order.getOrder({ orderId });
        assert.equal(order?.payStatus, PayStatus.PAID);
      });
      return toPay;
    }

    /** Arguments for a statement file. */
    const fromFile = (content: Uint8Array) => {
      const path = join(temporaryDirectory(), "statement");
      writeFileSync(path, content);
      return ["--day", day, "--provider", provider, "--file", path];
    };

    it("finds no difference, from the provider and from its file", async () => {
      const found = await reconcile(["--day", day, "--provider", provider], env);
      assert.deepEqual([found.code, found.differences, found.undecided], [0, [], []]);
      if (!what.onDay) {
        const { currency } = what;
        // 1, 2 and 3 pieces of 12.34 and 10.00 for shipping; one piece, and the whole first order.
        assert.equal(found.totals[`${provider} payments`], `3 10404 ${currency}`);
        assert.equal(found.totals[`${provider} refunds`], `2 -3468 ${currency}`);
      }
      const again = await reconcile(fromFile(file), env);
      assert.deepEqual([again.code, again.differences], [0, []]);
      const rewritten = files.fileOf(files.rowsOf(file), file);
      assert.equal((await reconcile(fromFile(rewritten), env)).code, 0);
    });

    for (const kind of ["payment", "refund"] as const) {
      it(`names exactly the ${kind} that is changed, dropped or doubled in the statement`, async () => {
        const rows = files.rowsOf(file);
        const at = rows.findIndex((row) => files.kindOf(row) === kind);
        const row = rows[at] as R;
        const item = `${provider} ${kind}`;
        for (const [difference, replacement] of [
          ["differs", [files.withMore(row)]],
          ["only_here", []],
          ["repeated", [row, row]],
        ] as const) {
          const changed = files.fileOf(rows.toSpliced(at, 1, ...replacement), file);
          const { code, differences } = await reconcile(fromFile(changed), env);
          const expected = [`${item}_${difference} ${kind} ${files.numberOf(row)}`];
          assert.deepEqual([code, differences], [1, expected]);
        }
      });
    }

    it("refuses a file of another day, and one that is cut off", async () => {
      const other = await run(
        "reconcile",
        ["--day", "2020-01-01", ...fromFile(file).slice(2)],
        env,
      );
      assert.equal(other.code, 2);
      assert.match(other.stderr, /which is not on 2020-01-01/);
      const cut = await run("reconcile", fromFile(file.subarray(0, file.length - 60)), env);
      assert.equal(cut.code, 2, cut.stdout);
    });

    it("adds the fees of the statement to the books", async () => {
      const { code, stdout, stderr } = await run(
        "books",
        ["--day", day, "--statements", "--csv"],
        env,
      );
      assert.equal(code, 0, stderr);
      const fees = stdout.split("\n").filter((line) => line.includes(`fees:${provider}`));
      assert.ok(fees.length >= 3);
    });

    it("names a refund from the provider's console, on its day", async () => {
      const number = what.numberOf(paid[2] as ToPay);
      const next = new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);
      const early = await reconcile(["--day", next, "--provider", provider], env);
      if (provider !== "stripe") {
        assert.equal(early.code, 3);
        assert.match(early.unseen[0]?.why ?? "", /is not made yet/);
      }
      await shop.simulators[provider].refund(number, 100n);
      await advanceTo(next);
      const { code, differences } = await reconcile(["--day", next, "--provider", provider], env);
      assert.equal(code, 1);
      assert.equal(differences.length, 1, differences.join());
      assert.match(differences[0] ?? "", new RegExp(`^${provider} refund_not_ours refund `));
    });
  });
}
