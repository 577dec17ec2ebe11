import { setTimeout as pause } from "node:timers/promises";
import { type Connection, createConnection } from "mysql2/promise";
import { retryThroughFaults } from "./retry.ts";
import type { System } from "./system.ts";

/**
 * A database session besides those of the shop, for what a fault does. It keeps the settings of the
 * server: a fault holds locks and transactions open for longer than the shop's sessions may.
 */
export type SideSession = {
  /** Runs one statement. A BIGINT is a number or a string, as the driver decides. */
  run<T = Record<string, unknown>>(statement: string, values?: unknown[]): Promise<T[]>;
  /** The id that `KILL` takes. */
  id: number;
  /** Ends the session and releases its locks. */
  end(): void;
};

const CONNECT_WITHIN_MS = 5_000;
/** For one statement; another fault may have paused the server. */
const ANSWERS_WITHIN_MS = 20_000;
const TRIES_FOR_MS = 120_000;
const AGAIN_AFTER_MS = 200;

export async function sideSession({ database }: Pick<System, "database">): Promise<SideSession> {
  const connection: Connection = await createConnection({
    uri: database.url,
    connectTimeout: CONNECT_WITHIN_MS,
    timezone: "Z",
    supportBigNumbers: true,
  });
  // The next statement reports a failed connection.
  connection.on("error", () => {});
  const session: SideSession = {
    id: connection.threadId,
    async run<T>(statement: string, values: unknown[] = []) {
      try {
        const limited = { sql: statement, values, timeout: ANSWERS_WITHIN_MS };
        const [rows] = await connection.query(limited);
        return (Array.isArray(rows) ? rows : []) as T[];
      } catch (error) {
        // After a timeout the session is out of step with the server.
        if ((error as { code?: string }).code === "PROTOCOL_SEQUENCE_TIMEOUT") connection.destroy();
        throw error;
      }
    },
    end: () => connection.destroy(),
  };
  return session;
}

/**
 * Runs `work` in a side session, and retries while the database is unavailable: in the soak other
 * faults break it at the same time.
 */
export async function atTheDatabase<T>(
  system: Pick<System, "database">,
  work: (session: SideSession) => Promise<T>,
): Promise<T> {
  return retryThroughFaults(async () => {
    const session = await sideSession(system);
    try {
      return await work(session);
    } finally {
      session.end();
    }
  }, TRIES_FOR_MS);
}

type Process = { id: number };

/**
 * Ends the shop's connections, so that what was set for new sessions applies to all. Resolves to
 * their number.
 */
export async function endConnections(system: System, session: SideSession): Promise<number> {
  const all = await shopConnections(system, session);
  for (const { id } of all) await kill(session, `kill connection ${id}`);
  return all.length;
}

export function shopConnections(
  { namespace }: Pick<System, "namespace">,
  session: SideSession,
): Promise<Process[]> {
  return session.run<Process>(
    "select id from information_schema.processlist where db like ? and id <> ?",
    [`${namespace}\\_%`, session.id],
  );
}

const NO_SUCH_CONNECTION = 1094;

/** Runs a KILL statement; the connection may have ended already. */
export async function kill(session: SideSession, statement: string): Promise<void> {
  try {
    await session.run(statement);
  } catch (error) {
    if ((error as { errno?: number }).errno !== NO_SUCH_CONNECTION) throw error;
  }
}

/** Repeats `work` beside the load until `stop`; a failure only delays it. */
export function meanwhile(
  system: Pick<System, "database">,
  work: (session: SideSession, isOver: () => boolean) => Promise<void>,
): { stop(): Promise<void> } {
  let over = false;
  let session: SideSession | undefined;
  const loop = async () => {
    while (!over) {
      try {
        session ??= await sideSession(system);
        await work(session, () => over);
      } catch {
        session?.end();
        session = undefined;
        await pause(AGAIN_AFTER_MS);
      }
    }
    session?.end();
  };
  const done = loop();
  return {
    async stop() {
      over = true;
      await done;
    },
  };
}
