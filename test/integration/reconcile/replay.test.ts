import assert from "node:assert/strict";
import { providerSettings } from "../../../local/up/offer-simulated.ts";
import { dayBounds } from "../../../services/pay/providers/statement.ts";
import { runReplay, sample, settingsOf } from "../../../testbed/programs/replay.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { awayFromMidnight, commandEnv, MIDNIGHT_MS, reconcile, today } from "./commands.ts";

const AHEAD_MS = 8 * 3_600_000;
const READY_MS = 10 * 3_600_000 + 60_000;

describe("npm run reconcile after a replay of real orders", function () {
  this.timeout(240_000 + MIDNIGHT_MS);
  let shop: Shop;
  before(async () => {
    await awayFromMidnight(AHEAD_MS);
    const env = { SHOP_CURRENCY: "CNY" };
    shop = await startShop({ simulators: true, sandbox: true, gateway: true, env });
  });
  after(() => shop?.stop());

  it("finds no difference after orders were paid at Alipay and returns refunded", async () => {
    const accounts = await shop.simulators.accounts();
    const settings = { SHOP_CURRENCY: "CNY", ...providerSettings(accounts).alipay };
    const day = today(AHEAD_MS);
    const { code, stdout, stderr } = await runReplay([sample, "--pay", "--provider", "alipay"], {
      env: {
        ...settingsOf(shop),
        ...settings,
        SHOP_SIMULATORS_CONTROL_LISTEN: new URL(shop.simulators.url).host,
      },
    });
    assert.equal(code, 0, stdout + stderr);
    const { to } = dayBounds(day, AHEAD_MS) ?? assert.fail();
    const now = await shop.simulators.now();
    await shop.simulators.advance(to.getTime() + READY_MS - now.getTime());
    const env = commandEnv(shop, settings);
    const found = await reconcile(["--day", day, "--provider", "alipay"], env);
    assert.deepEqual([found.code, found.differences, found.undecided], [0, [], []]);
    // As counted in the sample without this program.
    assert.deepEqual(
      [found.totals["alipay payments"], found.totals["alipay refunds"]],
      ["32 812417 CNY", "6 -15935 CNY"],
    );
  });
});
