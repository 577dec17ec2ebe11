// `npm run demo`: one order from registration to refund, against a running shop, step by step, paid at
// any of its simulated providers.

import { shopCurrency } from "#platform/settings/currency.ts";
import { clientSettings } from "#platform/settings/service-settings.ts";
import type { SettingsReader } from "#platform/settings/settings.ts";
import { SERVICES } from "#proto/services.ts";
import type { Provider } from "#proto/shop/pay/v1/pay_pb.ts";
import { CommandError, ExitCode, runCommand } from "../ops/command/command.ts";
import { commandSettings } from "../ops/command/settings.ts";
import {
  assertRunning,
  connectAdministrator,
  type ShopClients,
} from "../ops/command/shop-clients.ts";
import { payOrder } from "./demo/pay.ts";
import { placeOrder } from "./demo/place.ts";
import { type DemoSettings, prepare } from "./demo/prepare.ts";
import { refundLine } from "./demo/refund.ts";
import { showHistory, showResult } from "./demo/summary.ts";

const CNY_SHOP = "SHOP_NAMESPACE=cny SHOP_CURRENCY=CNY npm start";

await runCommand({
  name: "demo",
  summary:
    "Shows one order from registration to refund, step by step, with the time each step took.",
  options: {
    provider: {
      type: "string",
      value: "NAME",
      help: "sandbox (default), stripe, or in a shop of CNY alipay or wechatpay",
    },
  },
  notes: [
    "Needs a running shop: npm start in another terminal. One with Alipay and WeChat Pay: " +
      `${CNY_SHOP}.`,
    "Settings: SHOP_PORT_BASE or SHOP_<SERVICE>_ADDRESS, SHOP_TOKEN_PRIVATE_KEY, " +
      "SHOP_CURRENCY.",
  ],
  async run({ values }) {
    const settings = commandSettings((read) => ({
      ...clientSettings(read, SERVICES),
      currency: shopCurrency(read),
      scanUrls: scanUrls(read),
    }));
    if (settings.env === "production") {
      throw new CommandError(
        "SHOP_ENV is production; the demo would create a customer and an order",
      );
    }
    const admin = connectAdministrator(settings, "demo");
    try {
      await assertRunning(admin, settings, SERVICES);
      const provider = await findProvider(admin, values.provider ?? "sandbox");
      await showOrder(settings, { admin, provider });
    } finally {
      admin.close();
    }
    return ExitCode.DONE;
  },
});

/** Where the phone of a simulated provider scans codes. */
function scanUrls(read: SettingsReader): Record<string, string> {
  const found = ["alipay", "wechatpay"].flatMap((name) => {
    const url = URL.parse(read.optional(`SHOP_${name.toUpperCase()}_URL`) ?? "");
    return url === null ? [] : [[name, `${url.origin}/scan`]];
  });
  return Object.fromEntries(found);
}

async function findProvider({ pay }: ShopClients, name: string): Promise<Provider> {
  const { providers } = await pay.listProviders({});
  const found = providers.find((provider) => provider.name === name);
  if (found) return found;
  const names = providers.map((provider) => provider.name).join(", ");
  const takesCny = ["alipay", "wechatpay"].includes(name);
  const remedy = takesCny ? `; it takes CNY only: start a shop with ${CNY_SHOP}` : "";
  throw new CommandError(`the shop offers ${names}, not ${name}${remedy}`);
}

async function showOrder(
  settings: DemoSettings,
  { admin, provider }: { admin: ShopClients; provider: Provider },
): Promise<void> {
  const demo = await prepare(settings, admin, provider);
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
