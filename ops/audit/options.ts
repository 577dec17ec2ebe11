import { resolve } from "node:path";
import { parseArgs } from "node:util";

const DEFAULTS = { quiet: 5, settle: 60, again: 3, items: 20 };
const HOUR = 3_600;

export const USAGE = `Checks from the data alone what must always be true of the shop: stock, coupons, balances, points,
orders, payments, the platform's own books, events. It only reads, and it can run while the shop runs.

  npm run audit -- [--json] [--sandbox-store FILE] [--items ${DEFAULTS.items}]
                   [--quiet-seconds ${DEFAULTS.quiet}] [--settle-seconds ${DEFAULTS.settle}] [--again-after ${DEFAULTS.again}]

  --json            prints the report as one line of JSON (npm run --silent audit -- --json)
  --sandbox-store   the sandbox platform's file, where the platform itself is not asked
  --items           how many items are named for each rule (${DEFAULTS.items}; all are counted)
  --quiet-seconds   an order that changed within so many seconds is in motion, as one with undelivered
                    events is: it is not judged (${DEFAULTS.quiet})
  --settle-seconds  what the shop may take to get right by itself (${DEFAULTS.settle})
  --again-after     seconds until what looks broken is looked at again (${DEFAULTS.again})

Settings: SHOP_MYSQL_URL (else that of a running npm start), SHOP_NAMESPACE, SHOP_CURRENCY,
SHOP_ABANDONED_AFTER_SECONDS, SHOP_SANDBOX_URL.
Exits with 0 when all is clean, 1 when something is broken, 2 when it cannot look.`;

export class UsageError extends Error {}

export type Options = {
  json: boolean;
  sandboxStore: string | undefined;
  maxItems: number;
  quietSeconds: number;
  settleSeconds: number;
  againAfterMs: number;
};

/** Throws a UsageError; undefined when only help was wanted. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): Options | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const store = values["sandbox-store"];
  return {
    json: values.json === true,
    sandboxStore: store === undefined ? undefined : resolve(startOf(env), store),
    maxItems: whole("--items", values.items, { fallback: DEFAULTS.items, max: 10_000 }),
    quietSeconds: whole("--quiet-seconds", values["quiet-seconds"], {
      fallback: DEFAULTS.quiet,
      max: HOUR,
    }),
    settleSeconds: whole("--settle-seconds", values["settle-seconds"], {
      fallback: DEFAULTS.settle,
      max: 24 * HOUR,
    }),
    againAfterMs:
      1_000 *
      whole("--again-after", values["again-after"], { fallback: DEFAULTS.again, max: HOUR }),
  };
}

/** npm runs scripts in the project's folder; a relative path is meant from where npm was called. */
function startOf(env: NodeJS.ProcessEnv): string {
  return (env.npm_lifecycle_event === "audit" && env.INIT_CWD) || process.cwd();
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        json: { type: "boolean" },
        "sandbox-store": { type: "string" },
        items: { type: "string" },
        "quiet-seconds": { type: "string" },
        "settle-seconds": { type: "string" },
        "again-after": { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    // Node's own words, without the advice of its later sentences.
    throw new UsageError((error as Error).message.split(/\. |\n/)[0]);
  }
}

function whole(
  name: string,
  text: string | undefined,
  { fallback, max }: { fallback: number; max: number },
): number {
  if (text === undefined) return fallback;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max)) throw new UsageError(`${name} must be a whole number from 0 to ${max}`);
  return value;
}
