// `npm run replay -- FILE`: places the real orders of a CSV file in a running shop, and compares
// what the shop has afterwards with what the file alone says.
//
//   read      testbed/retail reads the file as a day: items, orders, customers and returns
//   prepare   creates the goods with their opening stock, and registers the customers
//   place     places all orders as fast as the shop accepts them
//   pay       with --pay: pays each order at the provider and waits until the shop knows it,
//             requests a refund for each return and waits for it, and measures the delays
//   compare   reads goods, orders, points and payments back and compares them with the file
//   audit     with --pay: checks all rules of `npm run audit`
//
// A run uses goods and users of its own, so it can be repeated in the same shop. At the end its
// goods are taken off the shelf, so that the catalogue is as before.

import { shopCurrency } from "#platform/settings/currency.ts";
import { clientSettings } from "#platform/settings/service-settings.ts";
import { SERVICES } from "#proto/services.ts";
import { CommandError, ExitCode, runCommand, UsageError } from "../ops/command/command.ts";
import { pathFromCaller, wholeNumber } from "../ops/command/options.ts";
import { commandSettings, sandboxUrl, simulatorsUrl } from "../ops/command/settings.ts";
import { shippingRule } from "../services/order/config.ts";
import { pointsPerUnit } from "../services/user/config.ts";
import { readDay } from "../testbed/retail/day.ts";
import { FileFault, readRetail } from "../testbed/retail/read-retail.ts";
import { PAYING_PROVIDERS } from "./provider.ts";
import { replayDay } from "./replay-day.ts";
import { resultJson, resultText } from "./report.ts";

const DEFAULT_IN_FLIGHT = 64;
/** Half of the calls that a service accepts at once. */
const MAX_IN_FLIGHT = 1_024;

await runCommand({
  name: "replay",
  summary:
    "Places the real orders of a CSV file in the shop, as fast as it accepts them, and compares " +
    "stock and orders with what the file alone says. With --pay it also pays the orders, refunds " +
    "the returns, and compares payments, refunds and points.",
  positionals: "FILE",
  options: {
    pay: {
      type: "boolean",
      help: "pay each order, refund the returns, and audit the shop",
    },
    provider: {
      type: "string",
      value: "NAME",
      help: `where to pay: ${PAYING_PROVIDERS.join(", ")} (default sandbox)`,
    },
    "in-flight": {
      type: "string",
      value: "N",
      help: `orders or payments in flight (default ${DEFAULT_IN_FLIGHT}, at most ${MAX_IN_FLIGHT})`,
    },
    limit: { type: "string", value: "N", help: "place only the first N orders" },
    json: { type: "boolean", help: "print the result as one line of JSON" },
  },
  notes: [
    "FILE has invoice lines, plain or gzip, with the columns InvoiceNo, StockCode, Description, " +
      "Quantity, UnitPrice, CustomerID and Country. Prices are in pounds; their pence become as " +
      "many minor units of SHOP_CURRENCY.",
    "Example: npm run replay -- testbed/retail/online-retail-sample.csv --pay",
    "Settings: SHOP_PORT_BASE or SHOP_<SERVICE>_ADDRESS, SHOP_TOKEN_PRIVATE_KEY, the shop's rules " +
      "for shipping and points, SHOP_CURRENCY, SHOP_SANDBOX_URL or SHOP_SIMULATORS_CONTROL_LISTEN, SHOP_MYSQL_URL.",
    "Exits with 0 when everything is the same, 1 when something differs or failed, 2 when the " +
      "command line, a setting or the file is wrong.",
  ],
  async run({ values, positionals }) {
    const [path, ...rest] = positionals;
    if (path === undefined || rest.length > 0) throw new UsageError("name one FILE");
    const file = pathFromCaller(path);
    const pay = values.pay === true;
    const provider = PAYING_PROVIDERS.find((name) => name === (values.provider ?? "sandbox"));
    if (!provider || (values.provider !== undefined && !pay)) {
      throw new UsageError(
        `--provider needs --pay, and must be one of ${PAYING_PROVIDERS.join(", ")}`,
      );
    }
    const max = Number.MAX_SAFE_INTEGER;
    const limit = wholeNumber("--limit", values.limit, { min: 1, max });
    const bounds = { min: 1, max: MAX_IN_FLIGHT };
    const inFlight = wholeNumber("--in-flight", values["in-flight"], bounds) ?? DEFAULT_IN_FLIGHT;
    const settings = commandSettings((read) => {
      const client = clientSettings(read, SERVICES);
      const rules = {
        shipping: shippingRule(read),
        pointsPerUnit: pointsPerUnit(read),
        currency: shopCurrency(read),
      };
      const urls = { sandboxUrl: sandboxUrl(read, client), simulatorsUrl: simulatorsUrl(read) };
      return { client, rules, ...urls };
    });
    const day = await readFile(file, limit);
    const result = await replayDay(day, { ...settings, file, inFlight, pay, provider });
    console.log(values.json ? resultJson(result) : resultText(result));
    return result.same && result.audit?.clean !== false ? ExitCode.DONE : ExitCode.FAILED;
  },
});

async function readFile(file: string, limit: number | undefined) {
  try {
    const day = await readDay(readRetail(file), limit);
    if (day.orders.length === 0) throw new FileFault(`${file} has no order to place`);
    return day;
  } catch (error) {
    if (!(error instanceof FileFault)) throw error;
    throw new CommandError(error.message, { exitCode: ExitCode.CANNOT_RUN, cause: error });
  }
}
