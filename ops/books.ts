// `npm run books`: the double-entry journal of a day, for the accountant. ops/books/journal.ts lists
// the accounts and has the rules.

import { shopCurrency } from "#platform/settings/currency.ts";
import { clientSettings } from "#platform/settings/service-settings.ts";
import { SERVICES } from "#proto/services.ts";
import { dayBounds } from "../services/pay/providers/statement.ts";
import { accountSums, differences } from "./books/journal.ts";
import { readMovements } from "./books/read-movements.ts";
import { booksCsv, booksJson, booksText } from "./books/report.ts";
import { statementMovements } from "./books/statement-movements.ts";
import { ExitCode, runCommand, UsageError } from "./command/command.ts";
import { schemasOf, withSnapshot } from "./command/database.ts";
import { commandSettings, mysqlUrl } from "./command/settings.ts";
import { exitCodeOf, reportText } from "./reconcile/report.ts";
import { compareAll, fetchAll } from "./reconcile/shop.ts";

await runCommand({
  name: "books",
  summary:
    "Prints the double-entry journal of a day, derived from the rows of order, pay and user: each " +
    "movement debits one account and credits another. It only reads, and the shop may run meanwhile.",
  options: {
    day: { type: "string", value: "DAY", help: "the day, as 2026-11-26 (required)" },
    zone: {
      type: "string",
      value: "ZONE",
      help: "where the day is, as +08:00 (default +00:00: UTC)",
    },
    statements: {
      type: "boolean",
      help:
        "fetch the statements of the providers as well: their fees and payouts join the journal, " +
        "and npm run reconcile must find no difference",
    },
    csv: { type: "boolean", help: "print the movements as CSV" },
    json: { type: "boolean", help: "print movements and accounts as one line of JSON" },
  },
  notes: [
    "A payment counts when the provider says that it was paid, an order when it became paid, a " +
      "refund when the shop learned that it is through. The statements are those of the " +
      "providers' own days of that date.",
    "Settings: SHOP_MYSQL_URL, SHOP_NAMESPACE, SHOP_CURRENCY; with --statements those of the pay " +
      "service. What is not set is as in a running npm start.",
    "Exits with 0, with 1 when a statement differs from the shop, with 2 when the command line or a " +
      "setting is wrong, with 3 when a statement could not be looked at.",
  ],
  async run({ values }) {
    const { day = "", zone = "+00:00", statements = false, csv = false, json = false } = values;
    if (csv && json) throw new UsageError("--csv and --json exclude each other");
    const bounds = dayBounds(day, aheadMs(zone));
    if (!bounds) throw new UsageError(`--day must be a day such as 2026-11-26, not "${day}"`);
    const settings = commandSettings((read) => ({
      namespace: clientSettings(read, SERVICES).namespace,
      mysqlUrl: mysqlUrl(read),
      currency: shopCurrency(read),
    }));
    const ours = await withSnapshot(settings.mysqlUrl, (connection) => {
      const { namespace, currency } = settings;
      const schemas = schemasOf(namespace);
      return readMovements({ connection, schemas, currency, period: bounds });
    });
    const fetched = statements ? await fetchAll(day) : { statements: [], unseen: [] };
    const theirs = fetched.statements.flatMap(({ provider, rows }) =>
      statementMovements(provider, rows),
    );
    const movements = [...ours, ...theirs].sort((a, b) => a.time.getTime() - b.time.getTime());
    assertBalanced(movements);
    const report = { day, zone, movements };
    console.log(csv ? booksCsv(report) : json ? booksJson(report) : booksText(report));
    if (!statements) return ExitCode.DONE;
    const compared = await compareAll(day, { ...fetched, isWhole: true });
    const exitCode = exitCodeOf(compared);
    if (exitCode !== ExitCode.DONE) console.error(reportText({ day, ...compared }));
    return exitCode;
  },
});

/** How far the zone is ahead of UTC. */
function aheadMs(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(0\d|1[0-4]):([0-5]\d)$/.exec(zone) ?? [];
  if (sign === undefined) throw new UsageError(`--zone must be as +08:00, not "${zone}"`);
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === "+" ? ms : -ms;
}

function assertBalanced(movements: Parameters<typeof accountSums>[0]): void {
  for (const [currency, cents] of differences(accountSums(movements))) {
    if (cents !== 0n) throw new Error(`the books are off by ${cents} minor units of ${currency}`);
  }
}
