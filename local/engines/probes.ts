import { setTimeout as pause } from "node:timers/promises";
import { connect } from "@nats-io/transport-node";
import { createConnection } from "mysql2/promise";
import { SetupError } from "./setup-error.ts";

const connectTimeoutMs = 5_000;

/** Logs in to the database and resolves to its version. */
export async function probeDatabase(url: string): Promise<string> {
  const connection = await createConnection({ uri: url, connectTimeout: connectTimeoutMs });
  try {
    const [rows] = await connection.query({ sql: "select version() v", timeout: connectTimeoutMs });
    return (rows as { v: string }[])[0]?.v ?? "";
  } finally {
    connection.destroy();
  }
}

/** Logs in to the broker and resolves to its version; JetStream must be on. */
export async function probeBroker(url: string): Promise<string> {
  const { host, username, password, protocol } = new URL(url);
  const connection = await connect({
    servers: host,
    user: username === "" ? undefined : decodeURIComponent(username),
    pass: password === "" ? undefined : decodeURIComponent(password),
    tls: protocol === "tls:" ? {} : null,
    timeout: connectTimeoutMs,
    reconnect: false,
  });
  try {
    await connection.flush();
    const info = connection.info;
    if (info?.jetstream !== true) throw new SetupError(`the broker at ${host} has no JetStream`);
    return info.version;
  } finally {
    await connection.close();
  }
}

/** The URL with a masked password. */
export function withoutPassword(url: string): string {
  return url.replace(/\/\/([^:@/]*):[^@/]*@/, "//$1:***@");
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
