import { setTimeout as pause } from "node:timers/promises";
import { connect } from "@nats-io/transport-node";
import { createConnection } from "mysql2/promise";
import { connectionOptions } from "#platform/events/broker.ts";
import { SetupError } from "./setup-error.ts";

const connectTimeoutMs = 5_000;

/**
 * Logs in to the database and resolves to its version. The one statement depends on no setting of
 * the session; each service pins and checks its own (platform/db/sessions.ts).
 */
export async function probeDatabase(url: string): Promise<string> {
  const connection = await createConnection({ uri: url, connectTimeout: connectTimeoutMs });
  try {
    const [rows] = await connection.query({ sql: "select version() v", timeout: connectTimeoutMs });
    return (rows as { v: string }[])[0]?.v ?? "";
  } finally {
    connection.destroy();
  }
}

/**
 * Logs in to the broker and resolves to its version; JetStream must be on. `urls` is one address, or
 * the servers of a cluster with commas between them, of which the first that answers is asked.
 */
export async function probeBroker(urls: string): Promise<string> {
  const connection = await connect({
    ...connectionOptions(urls.split(",")),
    timeout: connectTimeoutMs,
    reconnect: false,
  });
  try {
    await connection.flush();
    const info = connection.info;
    if (info?.jetstream !== true) {
      throw new SetupError(`the broker at ${connection.getServer()} has no JetStream`);
    }
    return info.version;
  } finally {
    await connection.close();
  }
}

/** The URL, or the URLs with commas between them, with masked passwords. */
export function withoutPassword(url: string): string {
  return url.replace(/\/\/([^:@/]*):[^@/]*@/g, "//$1:***@");
}

/** A server that restarts answers within this time; a wait above it is reported. */
const SAY_AFTER_MS = 1_500;

/**
 * Probes an address until it answers. Logs what it waits for after 1.5 s. Throws a SetupError with
 * the last failure at the end, or at once where waiting cannot help.
 */
export async function untilAnswers(
  setting: string,
  url: string,
  options: {
    probe: (url: string) => Promise<string>;
    withinMs: number;
    log: (line: string) => void;
  },
): Promise<string> {
  const deadline = Date.now() + options.withinMs;
  const shown = withoutPassword(url);
  let reason = "no answer yet";
  const timer = setTimeout(() => {
    const seconds = options.withinMs / 1_000;
    options.log(`${setting}: waiting up to ${seconds} s for ${shown} (${reason})`);
  }, SAY_AFTER_MS);
  try {
    for (;;) {
      try {
        return await options.probe(url);
      } catch (error) {
        const { message, code } = error as Error & { code?: string };
        reason = message || code || String(error);
        const final = error instanceof SetupError || /ACCESS_DENIED|AUTH/i.test(code ?? message);
        if (final || Date.now() > deadline) {
          throw new SetupError(`${setting}: ${shown} does not answer (${reason})`);
        }
      }
      await pause(250);
    }
  } finally {
    clearTimeout(timer);
  }
}
