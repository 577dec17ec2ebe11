// `npm run parked`: lists the messages that services could not handle, and redelivers them.

import { clientSettings } from "#platform/settings/service-settings.ts";
import { SERVICES } from "#proto/services.ts";
import { CommandError, ExitCode, runCommand } from "./command/command.ts";
import { commandSettings, mysqlUrl, natsServers } from "./command/settings.ts";
import { table } from "./command/table.ts";
import { openParkedMessages, type ParkedMessage, type ParkedMessages } from "./parked/messages.ts";
import { connectedBroker, redeliver } from "./parked/redeliver.ts";

await runCommand({
  name: "parked",
  summary: "Lists the messages that services could not handle, and redelivers them.",
  options: {
    retry: {
      type: "string",
      value: "KEY|all",
      help: "redeliver the message with this key, or all that are parked",
    },
    json: { type: "boolean", help: "print the messages as JSON, payloads in base64" },
  },
  notes: [
    "Redeliver a message once the cause of its error is fixed; otherwise it is parked again.",
    "A message that failed while its consumer handled no other is restarted without an operator.",
    "Settings: SHOP_MYSQL_URL and SHOP_NATS_URL (default: those of a running npm start), " +
      "SHOP_NAMESPACE, SHOP_NATS_REPLICAS.",
    "Exits with 0, with 1 when something failed, with 2 when the command line or a setting is wrong.",
  ],
  async run({ values }) {
    const settings = readSettings();
    const messages = await openParkedMessages(settings);
    try {
      const { retry, json = false } = values;
      const found = await messages.list();
      if (retry === undefined) console.log(json ? jsonOf(found) : listText(found));
      else await retryMessages(selectMessages(found, retry), { messages, settings, json });
    } finally {
      await messages.close();
    }
    return ExitCode.DONE;
  },
});
// A connection to a broker that never answered would keep the process alive.
process.exit();

function readSettings() {
  return commandSettings((read) => ({
    namespace: clientSettings(read, SERVICES).namespace,
    mysqlUrl: mysqlUrl(read),
    servers: natsServers(read),
    replicas: read.integer("SHOP_NATS_REPLICAS", { default: 1, min: 1, max: 5 }),
  }));
}

function selectMessages(found: ParkedMessage[], retry: string): ParkedMessage[] {
  if (retry === "all") return found.filter(({ state }) => state === "parked");
  const selected = found.filter(({ key }) => key === retry);
  if (selected.length === 0) throw new CommandError(`no message has the key ${retry}`);
  return selected;
}

async function retryMessages(
  selected: ParkedMessage[],
  options: { messages: ParkedMessages; settings: ReturnType<typeof readSettings>; json: boolean },
): Promise<void> {
  const { messages, settings, json } = options;
  if (selected.length > 0) {
    const broker = await connectedBroker(settings);
    try {
      for (const message of selected) {
        await redeliver(message, { messages, broker, namespace: settings.namespace });
        if (!json) console.log(`redelivered: ${message.key} to ${message.consumer}`);
      }
    } finally {
      await broker.close();
    }
  }
  if (json) console.log(jsonOf(selected));
  else if (selected.length === 0) console.log("no message is parked");
}

function jsonOf(messages: readonly ParkedMessage[]): string {
  const plain = messages.map(({ payload, ...message }) => {
    return { ...message, payload: payload.toString("base64") };
  });
  return JSON.stringify(plain, undefined, 2);
}

function listText(messages: readonly ParkedMessage[]): string {
  if (messages.length === 0) return "no message is parked";
  const blocks = messages.map((message) => {
    const { key, state, attempts, headers, payload, firstTime, lastTime } = message;
    const type = headers["Shop-Event-Type"] ?? "no type";
    const rows = [
      ["service", `${message.service}, consumer ${message.consumer}`],
      ["message", `${message.subject}, ${type}, ${payload.length} bytes`],
      ["attempts", `${attempts}, ${firstTime.toISOString()} to ${lastTime.toISOString()}`],
      ["error", message.error.split("\n")[0] ?? ""],
    ];
    if (state === "parked" && message.cause !== "message") {
      rows.push(["restarts", "without an operator, once its consumer handles other messages"]);
    }
    return `${key}  ${state}\n${table(rows, { indent: 2 })}`;
  });
  return [...blocks, "npm run parked -- --retry KEY redelivers a message"].join("\n\n");
}
