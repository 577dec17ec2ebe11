// `npm run reconcile`: compares the statements of the payment providers with the shop's rows.
//
// A statement has the payments and refunds of one of the provider's own days. A payment is on the
// day on which the provider says that it was paid. The shop learns of a refund later than the
// provider: what may be on another day is left open, and named.

import { readFile } from "node:fs/promises";
import { dayBounds, StatementFault } from "../services/pay/providers/statement.ts";
import { STATEMENTS } from "../services/pay/providers/statements.ts";
import { CommandError, ExitCode, messageOf, runCommand, UsageError } from "./command/command.ts";
import { pathFromCaller } from "./command/options.ts";
import { readStatement, type Statement } from "./reconcile/reconcile.ts";
import { exitCodeOf, reportJson, reportText } from "./reconcile/report.ts";
import { compareAll, fetchAll } from "./reconcile/shop.ts";

const NAMES = [...STATEMENTS.keys()];

await runCommand({
  name: "reconcile",
  summary:
    "Compares the statement of a day of each payment provider with the shop's payments, refunds " +
    "and disputes, to the minor unit, and names what differs. It only reads, and the shop may run " +
    "meanwhile.",
  options: {
    day: { type: "string", value: "DAY", help: "a day of the provider, as 2026-11-26 (required)" },
    provider: { type: "string", value: "NAME", help: `only this one: ${NAMES.join(", ")}` },
    file: {
      type: "string",
      value: "FILE",
      help: "read the statement of --provider from this file instead of fetching it",
    },
    json: { type: "boolean", help: "print the report as one line of JSON" },
  },
  notes: [
    "A day is one of Beijing for alipay and wechatpay, and one of UTC for stripe and sandbox. " +
      "Alipay has its statement from 09:00 of the next day, WeChat Pay from 10:00. A payment is on " +
      "the day on which the provider says that it was paid, whenever the shop learned of it.",
    "FILE is as the provider sends it: Alipay's zip or its …业务明细.csv, WeChat Pay's trade bill " +
      "with bill_type=ALL, gzip or not, Stripe's list of balance transactions with " +
      "expand[]=data.source.",
    "Settings: those of the pay service, SHOP_MYSQL_URL, SHOP_NAMESPACE; with --file only the last " +
      "two. What is not set is as in a running npm start.",
    "Exits with 0 when nothing differs, 1 when something does, 2 when the command line, a setting or " +
      "the file is wrong, 3 when nothing differs but a part could not be looked at.",
  ],
  async run({ values }) {
    const { day, provider, file, json = false } = values;
    if (day === undefined || !dayBounds(day)) {
      throw new UsageError(`--day must be a day such as 2026-11-26, not "${day ?? ""}"`);
    }
    if (provider !== undefined && !STATEMENTS.has(provider)) {
      throw new UsageError(`--provider must be one of ${NAMES.join(", ")}, not "${provider}"`);
    }
    if (file !== undefined && provider === undefined) {
      throw new UsageError("--file needs --provider");
    }
    const { statements, unseen } =
      file !== undefined && provider !== undefined
        ? { statements: [await fromFile(provider, pathFromCaller(file), day)], unseen: [] }
        : await fetchAll(day, provider);
    const isWhole = provider === undefined;
    const compared = await compareAll(day, { statements, unseen, isWhole });
    const report = { day, ...compared };
    console.log(json ? reportJson(report) : reportText(report));
    return exitCodeOf(report);
  },
});

async function fromFile(provider: string, path: string, day: string): Promise<Statement> {
  try {
    return { provider, day, rows: readStatement(provider, await readFile(path), day) };
  } catch (error) {
    if (!(error instanceof StatementFault) && !(error as NodeJS.ErrnoException).code) throw error;
    throw new CommandError(`cannot read ${path}: ${messageOf(error)}`, {
      exitCode: ExitCode.CANNOT_RUN,
      cause: error,
    });
  }
}
