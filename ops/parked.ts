// `npm run parked`: the messages that kept failing, with their errors, and how to start them again.

import { parseArgs } from "node:util";
import { clientSettings } from "#platform/settings/service-settings.ts";
import { readSettings, SettingsError } from "#platform/settings/settings.ts";
import { SERVICES } from "#proto/services.ts";
import { addressesOfRun } from "./command/running-shop.ts";
import { openParkedMessages, type ParkedMessage } from "./parked/messages.ts";
import { connectedBroker, restart } from "./parked/restart.ts";

const USAGE = `Lists the messages that services could not handle, and starts them again.

  npm run parked                        lists them, with what went wrong
  npm run parked -- --json              the same for programs, payloads in base64
  npm run parked -- --retry KEY         starts the message with this key again
  npm run parked -- --retry all         starts all parked ones again

Reads SHOP_MYSQL_URL, SHOP_NATS_URL and SHOP_NAMESPACE; without them it takes those of a running npm start.`;

// The same defaults as the services'.
const mysqlRule = { default: "mysql://root@127.0.0.1:3306", protocols: ["mysql:"] };
const natsRule = { default: "nats://127.0.0.1:4222", protocols: ["nats:", "tls:"] };

type Options = { json: boolean; retry: string | undefined };

async function main(): Promise<number> {
  const options = readOptions();
  if (!options) {
    console.log(USAGE);
    return 0;
  }
  const settings = readSettings({ ...addressesOfRun(), ...process.env }, (read) => ({
    namespace: clientSettings(read, SERVICES).namespace,
    mysqlUrl: read.url("SHOP_MYSQL_URL", mysqlRule).href,
    servers: read.urls("SHOP_NATS_URL", natsRule).map(({ href }) => href),
    replicas: read.integer("SHOP_NATS_REPLICAS", { default: 1, min: 1, max: 5 }),
  }));
  const messages = await openParkedMessages(settings).catch((error: Error) => {
    throw new Error(`SHOP_MYSQL_URL: the database does not answer (${error.message})`);
  });
  try {
    const found = await messages.list();
    if (options.retry === undefined) {
      console.log(options.json ? json(found) : words(found));
      return 0;
    }
    const wanted = found.filter(({ key, state }) =>
      options.retry === "all" ? state === "parked" : key === options.retry,
    );
    if (wanted.length === 0 && options.retry !== "all") {
      console.error(`no message has the key ${options.retry}`);
      return 1;
    }
    if (wanted.length === 0) {
      console.log(options.json ? json([]) : "nothing is parked");
      return 0;
    }
    const broker = await connectedBroker(settings);
    try {
      for (const message of wanted) {
        await restart(message, { messages, broker, namespace: settings.namespace });
        if (!options.json) console.log(`started again: ${message.key} for ${message.consumer}`);
      }
    } finally {
      await broker.close();
    }
    if (options.json) console.log(json(wanted));
    return 0;
  } finally {
    await messages.close();
  }
}

function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        retry: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h" },
      },
    });
    return values.help ? undefined : { json: values.json, retry: values.retry };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Where `npm start` put its database and broker, while it runs. */
function json(found: ParkedMessage[]): string {
  const plain = found.map(({ payload, ...message }) => {
    return { ...message, payload: payload.toString("base64") };
  });
  return JSON.stringify(plain, undefined, 2);
}

function words(found: ParkedMessage[]): string {
  if (found.length === 0) return "nothing is parked";
  const blocks = found.map((message) => {
    const { service, consumer, key, subject, state, attempts, payload, error } = message;
    return [
      `${key}  ${state}`,
      `  service   ${service}, consumer ${consumer}`,
      `  message   ${subject}, ${message.headers["Shop-Event-Type"] ?? "no type"}, ${payload.length} bytes`,
      `  attempts  ${attempts}, ${message.firstTime.toISOString()} to ${message.lastTime.toISOString()}`,
      `  error     ${error.split("\n")[0]}`,
    ].join("\n");
  });
  const hint = "npm run parked -- --retry KEY starts one again once its cause is mended";
  return [...blocks, hint].join("\n\n");
}

class UsageError extends Error {}

const code = await main().catch((error: Error) => {
  console.error(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : error.message);
  return error instanceof UsageError || error instanceof SettingsError ? 2 : 1;
});
// A broker that never answered is still being connected to.
process.exit(code);
