// `npm run callbacks`: what payment platforms, and others, told the shop, and what it made of it.

import { parseArgs } from "node:util";
import { clientSettings } from "#platform/settings/service-settings.ts";
import { readSettings, SettingsError } from "#platform/settings/settings.ts";
import { SERVICES } from "#proto/services.ts";
import {
  isVerdict,
  openRecords,
  type RecordedCallback,
  type Records,
  type VerdictName,
  verdictNames,
} from "./callbacks/records.ts";
import { type Judge, openJudge } from "./callbacks/replay.ts";
import { addressesOfRun } from "./command/running-shop.ts";

const DEFAULT_LIMIT = 50;
/** More than the pay service keeps of the unproven ones. */
const MAX_LIMIT = 100_000;

const USAGE = `Lists the callbacks on record with their verdicts, and judges them again.

  npm run callbacks                          the newest ${DEFAULT_LIMIT}
  npm run callbacks -- --verdict refused     only these: ${verdictNames}
  npm run callbacks -- --payment ID          only those of a payment
  npm run callbacks -- --limit 500           the newest 500
  npm run callbacks -- --json                for programs, one line of JSON
  npm run callbacks -- --replay ID           judges this one again, as of the time when it came
  npm run callbacks -- --replay all          judges again all that the other options name

What was refused and is found genuine now has its effect now; what had its effect has none again.
Reads SHOP_MYSQL_URL, SHOP_NAMESPACE, SHOP_PAY_ADDRESS and the services' key; without SHOP_MYSQL_URL it takes that of
a running npm start. Exits with 0, or with 1 when something could not be done, or 2 when the command is wrong.`;

type Options = {
  verdict: VerdictName | undefined;
  paymentId: string | undefined;
  limit: number | undefined;
  replay: string | undefined;
  json: boolean;
};

type Replayed = RecordedCallback & { answer: string; before: string };

async function main(): Promise<number> {
  const options = readOptions();
  if (!options) {
    console.log(USAGE);
    return 0;
  }
  const settings = readSettings({ ...addressesOfRun(), ...process.env }, (read) => ({
    client: clientSettings(read, SERVICES),
    mysqlUrl: read.url("SHOP_MYSQL_URL", {
      default: "mysql://root@127.0.0.1:3306",
      protocols: ["mysql:"],
    }).href,
  }));
  const { namespace } = settings.client;
  const records = await openRecords({ mysqlUrl: settings.mysqlUrl, namespace });
  try {
    const { replay, json } = options;
    if (replay === undefined) {
      const found = await records.list({ ...options, limit: options.limit ?? DEFAULT_LIMIT });
      console.log(json ? JSON.stringify(found) : words(found));
      return 0;
    }
    const judge = openJudge(settings.client);
    try {
      const wanted = await wantedOf(records, options);
      const replayed = await judgeAgain(wanted, { records, judge });
      console.log(json ? JSON.stringify(replayed) : replayWords(replayed));
      return 0;
    } finally {
      judge.close();
    }
  } finally {
    await records.close();
  }
}

async function wantedOf(records: Records, options: Options): Promise<RecordedCallback[]> {
  const { replay, limit } = options;
  if (replay === "all") {
    const found = await records.list({ ...options, limit: limit ?? MAX_LIMIT });
    return found.filter(({ source }) => source === "callback");
  }
  const found = await records.list({ callbackId: replay, limit: 1 });
  if (found.length === 0) throw new Error(`no callback on record has the number ${replay}`);
  if (found[0]?.source !== "callback") {
    throw new Error(`${replay} is an answer of the platform, not a callback`);
  }
  return found;
}

async function judgeAgain(
  wanted: RecordedCallback[],
  { records, judge }: { records: Records; judge: Judge },
): Promise<Replayed[]> {
  const replayed: Replayed[] = [];
  for (const one of wanted) {
    const answer = await judge.judge(one);
    const [now = one] = await records.list({ callbackId: one.callbackId, limit: 1 });
    replayed.push({ ...now, answer, before: verdictOf(one) });
  }
  return replayed;
}

function words(found: RecordedCallback[]): string {
  if (found.length === 0) return "no callback is on record";
  const lines = found.map((one) => {
    const { callbackId, lastTime, provider, source, paymentId, repeats } = one;
    const again = repeats > 0 ? `, ${repeats} more times` : "";
    const whose = paymentId === null ? "nobody proved it" : `payment ${paymentId}`;
    const time = lastTime.toISOString();
    return `${callbackId}  ${time}  ${verdictOf(one)}${again}  (${source} of ${provider}, ${whose})`;
  });
  return [...lines, "", "npm run callbacks -- --replay NUMBER judges one again"].join("\n");
}

function replayWords(replayed: Replayed[]): string {
  const changed = replayed.filter((one) => one.before !== verdictOf(one));
  const lines = changed.map(
    (one) => `${one.callbackId}  ${one.before} -> ${verdictOf(one)}  (${one.answer})`,
  );
  return [
    ...lines,
    `judged again: ${replayed.length}, with another verdict: ${changed.length}`,
  ].join("\n");
}

function verdictOf({ verdict, cause }: RecordedCallback): string {
  return cause === "" ? verdict : `${verdict}: ${cause}`;
}

function readOptions(): Options | undefined {
  const { values } = parse();
  if (values.help) return undefined;
  const { verdict, payment, replay, json } = values;
  if (verdict !== undefined && !isVerdict(verdict)) {
    throw new UsageError(`--verdict must be one of ${verdictNames}`);
  }
  const isNumber = (text: string) => /^[1-9]\d{0,18}$/.test(text);
  if (payment !== undefined && !isNumber(payment)) throw new UsageError("--payment must be an id");
  if (replay !== undefined && replay !== "all" && !isNumber(replay)) {
    throw new UsageError("--replay must be the number of a callback, or all");
  }
  const limit = values.limit === undefined ? undefined : Number(values.limit);
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT)) {
    throw new UsageError(`--limit must be a number from 1 to ${MAX_LIMIT}`);
  }
  return { verdict, paymentId: payment, limit, replay, json };
}

function parse() {
  try {
    return parseArgs({
      options: {
        verdict: { type: "string" },
        payment: { type: "string" },
        replay: { type: "string" },
        limit: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

class UsageError extends Error {}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    const usage = error instanceof UsageError;
    console.error(usage ? `${error.message}\n\n${USAGE}` : error.message);
    process.exitCode = usage || error instanceof SettingsError ? 2 : 1;
  },
);
