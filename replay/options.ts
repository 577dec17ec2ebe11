import { resolve } from "node:path";
import { parseArgs } from "node:util";

export const DEFAULT_IN_FLIGHT = 64;
/** Of the 2,048 calls that a service takes at once. */
const MAX_IN_FLIGHT = 1_024;

export const USAGE = `Places the real orders of a CSV file in the shop, as fast as it can, and compares stock and orders
with what the file alone says. With --pay it pays them, refunds what the file says came back, and
compares payments, refunds, stock and points, too.

  npm run replay -- FILE [--pay] [--in-flight ${DEFAULT_IN_FLIGHT}] [--limit N] [--json]
  npm run replay -- testbed/retail/online-retail-sample.csv --pay

  FILE         invoice lines, plain or gzip, with the columns InvoiceNo, StockCode, Description,
               Quantity, UnitPrice, CustomerID, Country
  --pay        pays each order at the sandbox platform, refunds the returns, and audits the shop
  --in-flight  orders or payments under way at once (${DEFAULT_IN_FLIGHT}; ${MAX_IN_FLIGHT} at most)
  --limit      places only the first N orders
  --json       prints the result as one line of JSON, and nothing else on stdout
               (npm run --silent replay -- FILE --json)

The shop is the one of the settings: SHOP_PORT_BASE or SHOP_<SERVICE>_ADDRESS, its keys, its rules for
shipping and points, and SHOP_SANDBOX_URL.
Exits with 0 when everything is the same, 1 when something differs or the shop is in trouble, 2 when the
command, a setting or the file is wrong.`;

export class UsageError extends Error {}

export type Options = {
  file: string;
  pay: boolean;
  inFlight: number;
  limit: number;
  json: boolean;
};

/** Throws a UsageError; undefined when only help was wanted. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): Options | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) throw new UsageError("one FILE must be named");
  return {
    file: resolve(startOf(env), file),
    pay: values.pay === true,
    inFlight: whole("--in-flight", values["in-flight"], MAX_IN_FLIGHT) ?? DEFAULT_IN_FLIGHT,
    limit: whole("--limit", values.limit, Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY,
    json: values.json === true,
  };
}

/** npm runs scripts in the project's folder; a relative path is meant from where npm was called. */
function startOf(env: NodeJS.ProcessEnv): string {
  return (env.npm_lifecycle_event === "replay" && env.INIT_CWD) || process.cwd();
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        pay: { type: "boolean" },
        "in-flight": { type: "string" },
        limit: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    // Node's own words, without the advice of its later sentences.
    throw new UsageError((error as Error).message.split(/\. |\n/)[0]);
  }
}

function whole(name: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > max) throw new UsageError(`${name} must be a number from 1 to ${max}`);
  return value;
}
