import { setTimeout as pause } from "node:timers/promises";
import { type Connection, createConnection } from "mysql2/promise";
import { insist } from "./insist.ts";
import type { System } from "./system.ts";

/** A session at the database besides those of the shop, for what a fault does there. */
export type SideSession = {
  /** One statement. A row's BIGINT comes as a number or a text, as the driver likes it. */
  run<T = Record<string, unknown>>(statement: string, values?: unknown[]): Promise<T[]>;
  /** Of the server's: what `KILL` takes. */
  id: number;
  /** Gives up all that it holds. */
  end(): void;
};

const CONNECT_WITHIN_MS = 5_000;
/** Of one statement: the server may be paused by another fault. */
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
  // What goes wrong with it is told by the statement that needs it.
  connection.on("error", () => {});
  const session: SideSession = {
    id: connection.threadId,
    async run<T>(statement: string, values: unknown[] = []) {
      try {
        const limited = { sql: statement, values, timeout: ANSWERS_WITHIN_MS };
        const [rows] = await connection.query(limited);
        return (Array.isArray(rows) ? rows : []) as T[];
      } catch (error) {
        // After its time limit a session is out of step with the server.
        if ((error as { code?: string }).code === "PROTOCOL_SEQUENCE_TIMEOUT") connection.destroy();
        throw error;
      }
    },
    end: () => connection.destroy(),
  };
  return session;
}

/**
 * Runs `work` in a side session, and tries on while the database does not let us: in the soak other faults break it at
 * the same time.
 */
export async function atTheDatabase<T>(
  system: Pick<System, "database">,
  work: (session: SideSession) => Promise<T>,
): Promise<T> {
  return insist(async () => {
    const session = await sideSession(system);
    try {
      return await work(session);
    } finally {
      session.end();
    }
  }, TRIES_FOR_MS);
}

type Process = { id: number };

/** Ends the shop's own connections, so that what was set for new ones holds for all. Resolves to how many they were. */
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

/** It may have gone by itself meanwhile. */
export async function kill(session: SideSession, statement: string): Promise<void> {
  try {
    await session.run(statement);
  } catch (error) {
    if ((error as { errno?: number }).errno !== NO_SUCH_CONNECTION) throw error;
  }
}

/** Does something again and again beside the load, until it is told to stop; trouble with it only makes it wait. */
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
