import assert from "node:assert/strict";
import { clientSettings } from "#platform/settings/service-settings.ts";
import { readSettings } from "#platform/settings/settings.ts";
import { SERVICES } from "#proto/services.ts";
import { OrderStatus, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { PaymentStatus } from "#proto/shop/pay/v1/pay_pb.ts";
import { seed } from "../../../ops/seed.ts";
import { goods } from "../../../ops/seed-data.ts";
import { startMs } from "../../../testbed/shop/shared-shop.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { LANGUAGES, missing } from "../../../tools/sdk/languages.ts";
import { commandsOf, freshProject, outputOf, root, typeCommands } from "./project.ts";

const exampleMs = 300_000;
const POINTS_FOR_EACH = 100n;

describe("client SDKs, generated and run with the commands of sdk/README.md", () => {
  let shop: Shop;
  let project: string;

  before(async function () {
    this.timeout(startMs);
    shop = await startShop({ sandbox: true, gateway: true });
    const addresses = SERVICES.map((service) => {
      return [`SHOP_${service.toUpperCase()}_ADDRESS`, shop.addresses[service]] as const;
    });
    const env = { SHOP_ENV: "test", ...Object.fromEntries(addresses) };
    await seed(readSettings(env, (read) => clientSettings(read, SERVICES)));
    project = freshProject();
  });

  after(() => shop?.stop());

  for (const language of LANGUAGES) {
    const { name } = language;
    const absent = missing(language, root);
    if (absent.length > 0) {
      // A pending test would fail the run, so the skipped language is only reported.
      console.log(`  SKIPPED: the ${name} SDK, this machine lacks ${absent.join(", ")}`);
      continue;
    }

    it(`${name}: the example registers, orders, pays and prints what the shop has stored`, async function () {
      this.timeout(exampleMs);
      const finished = await typeCommands(commandsOf(name), project, { SHOP_URL: shop.gatewayUrl });
      assert.equal(finished.code, 0, outputOf(finished));
      await compare(finished.stdout);
    });
  }

  it("typescript: the example passes the type check", async function () {
    this.timeout(exampleMs);
    const finished = await typeCommands(
      "npm run sdk -- typescript\ntsc --project sdk/typescript",
      project,
      {},
    );
    assert.equal(finished.code, 0, outputOf(finished));
  });

  /** Compares everything that the example printed with the data of the shop. */
  async function compare(printed: string): Promise<void> {
    const userId = BigInt(found(printed, /is user (\d+), and signed in/));
    const orderId = BigInt(found(printed, /^order (\d+): [\d.]+ to pay$/m));
    const paymentId = BigInt(found(printed, /^payment (\d+): sent, the provider answers 303$/m));
    assert.ok(orderId > 2n ** 53n, "an identifier that no double holds");
    for (const { name, unitPriceCents } of goods) {
      assert.ok(printed.includes(`  ${money(unitPriceCents)}  ${name}, `), `${name} is listed`);
    }
    const tooMany = Number(found(printed, /^(\d+) are refused: STOCK_NOT_ENOUGH/m));
    const available = Number(found(printed, /STOCK_NOT_ENOUGH, available (\d+)$/m));
    assert.ok(tooMany > available);
    const states = [...printed.matchAll(/^order (\d+): (\w+), (\w+)$/gm)];
    assert.ok(states.every(([, id]) => id === String(orderId)));
    assert.match(states.at(-1)?.[0] ?? "", /CONFIRMED, (PAY_STATUS_)?PAID$/);

    const { order } = await shop.admin.order.getOrder({ orderId });
    assert.equal(order?.userId, userId);
    assert.equal(order.orderStatus, OrderStatus.CONFIRMED);
    assert.equal(order.payStatus, PayStatus.PAID);
    assert.equal(found(printed, /^order \d+: ([\d.]+) to pay$/m), money(order.payAmountCents));
    const { payments } = await shop.admin.pay.listPayments({ orderId });
    assert.deepEqual(
      payments.map(({ paymentId, status, amountCents }) => [paymentId, status, amountCents]),
      [[paymentId, PaymentStatus.SUCCEEDED, order.payAmountCents]],
    );
    const { user } = await shop.admin.user.getUser({ userId });
    assert.equal(user?.points, order.payAmountCents / POINTS_FOR_EACH);
    assert.equal(found(printed, /^points: (\d+)$/m), String(user.points));
  }
});

function found(printed: string, pattern: RegExp): string {
  const [, value] = pattern.exec(printed) ?? [];
  assert.ok(value !== undefined, `${pattern} in:\n${printed}`);
  return value;
}

function money(cents: bigint): string {
  return `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;
}
