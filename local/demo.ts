// `npm run demo`: one order from registration to refund, against a running shop, step by step.

import { shopCurrency } from "#platform/settings/currency.ts";
import { type ClientSettings, clientSettings } from "#platform/settings/service-settings.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { CommandError, ExitCode, runCommand } from "../ops/command/command.ts";
import { commandSettings } from "../ops/command/settings.ts";
import {
  assertRunning,
  connectAdministrator,
  type ShopClients,
} from "../ops/command/shop-clients.ts";
import { payOrder } from "./demo/pay.ts";
import { placeOrder } from "./demo/place.ts";
import { prepare } from "./demo/prepare.ts";
import { refundLine } from "./demo/refund.ts";
import { showHistory, showResult } from "./demo/summary.ts";

await runCommand({
  name: "demo",
  summary:
    "Shows one order from registration to refund, step by step, with the time each step took.",
  options: {},
  notes: [
    "Needs a running shop: npm start in another terminal.",
    "Settings: SHOP_PORT_BASE or SHOP_<SERVICE>_ADDRESS, SHOP_TOKEN_PRIVATE_KEY, " +
      "SHOP_CURRENCY.",
  ],
  async run() {
    const settings = commandSettings((read) => ({
      ...clientSettings(read, SERVICES),
      currency: shopCurrency(read),
    }));
    if (settings.env === "production") {
      throw new CommandError(
        "SHOP_ENV is production; the demo would create a customer and an order",
      );
    }
    const admin = connectAdministrator(settings, "demo");
    try {
      await assertRunning(admin, settings, SERVICES);
      await showOrder(settings, admin);
    } finally {
      admin.close();
    }
    return ExitCode.DONE;
  },
});

async function showOrder(
  settings: ClientSettings<ServiceName> & { currency: string },
  admin: ShopClients,
): Promise<void> {
  const demo = await prepare(settings, admin);
  try {
    const order = await placeOrder(demo);
    await payOrder(demo, order);
    await refundLine(demo, order);
    await showHistory(demo, order);
    await showResult(demo, order);
  } finally {
    demo.shopper.close();
  }
}
