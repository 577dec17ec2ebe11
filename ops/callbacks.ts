// `npm run callbacks`: lists the callbacks of payment providers with the shop's verdicts, and has
// them judged again.

import { clientSettings } from "#platform/settings/service-settings.ts";
import { SERVICES } from "#proto/services.ts";
import { openJudge } from "./callbacks/judge.ts";
import {
  openRecords,
  type RecordedCallback,
  type Records,
  VERDICTS,
  type VerdictName,
} from "./callbacks/records.ts";
import { listText, type Rejudged, rejudgedText, verdictText } from "./callbacks/report.ts";
import { CommandError, ExitCode, runCommand, UsageError } from "./command/command.ts";
import { isIdentifier, wholeNumber } from "./command/options.ts";
import { commandSettings, mysqlUrl } from "./command/settings.ts";

const DEFAULT_LIMIT = 50;
/** More than the pay service keeps of callbacks with unverified senders. */
const MAX_LIMIT = 100_000;

type Filter = {
  verdict: VerdictName | undefined;
  paymentId: string | undefined;
  limit: number | undefined;
};

await runCommand({
  name: "callbacks",
  summary:
    "Lists the callbacks that payment providers sent, with the shop's verdicts, and has them " +
    "judged again.",
  options: {
    verdict: {
      type: "string",
      value: "VERDICT",
      help: `only callbacks with this verdict: ${VERDICTS.join(", ")}`,
    },
    payment: { type: "string", value: "ID", help: "only callbacks of this payment" },
    limit: {
      type: "string",
      value: "N",
      help: `the newest N (default ${DEFAULT_LIMIT}; with --replay all, no limit)`,
    },
    replay: {
      type: "string",
      value: "ID|all",
      help: "judge this callback again, or all that the other options select",
    },
    json: { type: "boolean", help: "print the result as one line of JSON" },
  },
  notes: [
    "A callback is judged as of the time when it came. One that was refused by mistake has its " +
      "effect now; one that had its effect has none again.",
    "Settings: SHOP_MYSQL_URL (default: that of a running npm start), SHOP_NAMESPACE, " +
      "SHOP_PAY_ADDRESS, SHOP_SERVICE_PRIVATE_KEY.",
    "Exits with 0, with 1 when something failed, with 2 when the command line or a setting is wrong.",
  ],
  async run({ values }) {
    const { replay, json = false } = values;
    const filter = {
      verdict: verdictOption(values.verdict),
      paymentId: values.payment,
      limit: wholeNumber("--limit", values.limit, { min: 1, max: MAX_LIMIT }),
    };
    if (filter.paymentId !== undefined && !isIdentifier(filter.paymentId)) {
      throw new UsageError(`--payment must be an identifier, not "${filter.paymentId}"`);
    }
    if (replay !== undefined && replay !== "all" && !isIdentifier(replay)) {
      throw new UsageError(`--replay must be the identifier of a callback or all, not "${replay}"`);
    }
    const settings = commandSettings((read) => {
      return { client: clientSettings(read, SERVICES), mysqlUrl: mysqlUrl(read) };
    });
    const { namespace } = settings.client;
    const records = await openRecords({ mysqlUrl: settings.mysqlUrl, namespace });
    try {
      if (replay === undefined) {
        const found = await records.list({ ...filter, limit: filter.limit ?? DEFAULT_LIMIT });
        console.log(json ? JSON.stringify(found) : listText(found));
      } else {
        const selected = await selectCallbacks(records, replay, filter);
        const rejudged = await judgeAgain(selected, records, settings.client);
        console.log(json ? JSON.stringify(rejudged) : rejudgedText(rejudged));
      }
    } finally {
      await records.close();
    }
    return ExitCode.DONE;
  },
});

function verdictOption(text: string | undefined): VerdictName | undefined {
  const found = VERDICTS.find((verdict) => verdict === text);
  if (found !== undefined || text === undefined) return found;
  throw new UsageError(`--verdict must be one of ${VERDICTS.join(", ")}, not "${text}"`);
}

async function selectCallbacks(
  records: Records,
  replay: string,
  filter: Filter,
): Promise<RecordedCallback[]> {
  if (replay === "all") {
    const found = await records.list({ ...filter, limit: filter.limit ?? MAX_LIMIT });
    return found.filter(({ source }) => source === "callback");
  }
  const [callback] = await records.list({ callbackId: replay, limit: 1 });
  if (callback === undefined) throw new CommandError(`callback ${replay} is not on record`);
  if (callback.source === "callback") return [callback];
  throw new CommandError(
    `record ${replay} is an answer to a query, not a callback; only callbacks are judged again`,
  );
}

async function judgeAgain(
  callbacks: readonly RecordedCallback[],
  records: Records,
  client: Parameters<typeof openJudge>[0],
): Promise<Rejudged[]> {
  const judge = openJudge(client);
  try {
    const rejudged: Rejudged[] = [];
    for (const callback of callbacks) {
      const { callbackId } = callback;
      const answer = await judge.judge(callbackId);
      const [now = callback] = await records.list({ callbackId, limit: 1 });
      rejudged.push({ ...now, answer, before: verdictText(callback) });
    }
    return rejudged;
  } finally {
    judge.close();
  }
}
