// `npm run audit`: checks from the data alone what must always be true of the shop.

import { reportText } from "./audit/report.ts";
import { auditSettings, auditShop } from "./audit/shop.ts";
import { CommandError, ExitCode, messageOf, runCommand } from "./command/command.ts";
import { pathFromCaller, wholeNumber } from "./command/options.ts";
import { commandSettings } from "./command/settings.ts";

const DEFAULTS = { items: 20, quietSeconds: 5, settleSeconds: 60, againAfter: 3 };
const MAX_ITEMS = 10_000;
const HOUR = 3_600;

await runCommand({
  name: "audit",
  summary:
    "Checks from the data alone what must always be true of the shop: stock, coupons, balances, " +
    "points, orders, payments, the provider's records and events. It only reads, and the shop may " +
    "run meanwhile.",
  options: {
    json: { type: "boolean", help: "print the report as one line of JSON" },
    "sandbox-store": {
      type: "string",
      value: "FILE",
      help: "read the sandbox provider's file instead of asking the running sandbox",
    },
    items: {
      type: "string",
      value: "N",
      help: `items to name for each broken rule; all are counted (default ${DEFAULTS.items})`,
    },
    "quiet-seconds": {
      type: "string",
      value: "N",
      help:
        "an order that changed within this time is in motion, as is one with undelivered events, " +
        `and breaks no rule yet (default ${DEFAULTS.quietSeconds})`,
    },
    "settle-seconds": {
      type: "string",
      value: "N",
      help:
        "time that retries, timers and redelivery may take, from the start of the shop on " +
        `(default ${DEFAULTS.settleSeconds})`,
    },
    "again-after": {
      type: "string",
      value: "N",
      help: `seconds until what breaks a rule is checked again (default ${DEFAULTS.againAfter})`,
    },
  },
  notes: [
    "Settings: SHOP_MYSQL_URL (default: that of a running npm start), SHOP_NAMESPACE, " +
      "SHOP_CURRENCY, SHOP_ABANDONED_AFTER_SECONDS, SHOP_SANDBOX_URL.",
    "Exits with 0 when all rules hold, 1 when one is broken, 2 when the audit could not run, 3 when " +
      "no rule is broken but a part of the shop could not be read; the report names it.",
  ],
  async run({ values }) {
    const { json = false, "sandbox-store": store } = values;
    const seconds = (name: "quiet-seconds" | "settle-seconds" | "again-after", max: number) =>
      wholeNumber(`--${name}`, values[name], { min: 0, max });
    const options = {
      sandboxStore: store === undefined ? undefined : pathFromCaller(store),
      maxItems: wholeNumber("--items", values.items, { min: 0, max: MAX_ITEMS }) ?? DEFAULTS.items,
      quietSeconds: seconds("quiet-seconds", HOUR) ?? DEFAULTS.quietSeconds,
      settleSeconds: seconds("settle-seconds", 24 * HOUR) ?? DEFAULTS.settleSeconds,
      againAfterMs: 1_000 * (seconds("again-after", HOUR) ?? DEFAULTS.againAfter),
    };
    const shop = commandSettings(auditSettings);
    const report = await auditShop(shop, options).catch((error: Error) => {
      throw new CommandError(`cannot audit: ${messageOf(error)}`, {
        exitCode: ExitCode.CANNOT_RUN,
        cause: error,
      });
    });
    const { namespace } = shop;
    console.log(json ? JSON.stringify({ namespace, ...report }) : reportText(report, namespace));
    if (report.broken > 0) return ExitCode.FAILED;
    return report.unseen.length > 0 ? ExitCode.INCOMPLETE : ExitCode.DONE;
  },
});
