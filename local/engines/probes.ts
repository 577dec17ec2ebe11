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

/** Probes an address until it answers. Throws a SetupError with the last failure at the end. */
export async function untilAnswers(
  setting: string,
  url: string,
  options: { probe: (url: string) => Promise<string>; withinMs: number },
): Promise<string> {
  const deadline = Date.now() + options.withinMs;
  for (;;) {
    try {
      return await options.probe(url);
    } catch (error) {
      const { message, code } = error as Error & { code?: string };
      const final = error instanceof SetupError || /ACCESS_DENIED|AUTH/i.test(code ?? message);
      if (final || Date.now() > deadline) {
        const reason = message === "" ? code : message;
        throw new SetupError(`${setting}: ${withoutPassword(url)} does not answer (${reason})`);
      }
    }
    await pause(250);
  }
}
