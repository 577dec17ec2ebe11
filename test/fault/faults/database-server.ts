import { setTimeout as pause } from "node:timers/promises";
import {
  atTheDatabase,
  endConnections,
  kill,
  meanwhile,
  type SideSession,
  shopConnections,
  sideSession,
} from "../../../testbed/system/side-session.ts";
import type { Fault } from "../fault.ts";
import { freeze } from "./steps.ts";

/**
 * The server accepts packets and does not reply: callers must time out, and recover without a
 * restart.
 */
export const freezeDatabase: Fault = {
  name: "freeze-database",
  catalogue: ["F26", "F10"],
  what: "SIGSTOP of the database for 2 to 30 s; then it continues with everything it has received",
  needs: ["linux"],
  holdMs: [2_000, 30_000],
  inject: async ({ system, log }) => freeze([system.database], log),
};

const FEW_CONNECTIONS = 10;
const DEFAULT_CONNECTIONS = 500;

/** No session is left for the shop, and its existing ones are ended. */
export const connectionsUsedUp: Fault = {
  name: "connections-used-up",
  catalogue: ["F26"],
  what: "side sessions take all connections that the database allows, and the shop's are ended",
  holdMs: [1_000, 15_000],
  async inject({ system, log }) {
    const taken: SideSession[] = [];
    const keeper = await atTheDatabase(system, () => sideSession(system));
    const untilRefused = async () => {
      for (;;) taken.push(await sideSession(system));
    };
    const takeAll = async () => {
      await keeper.run(`set global max_connections = ${FEW_CONNECTIONS}`);
      while (taken.length < FEW_CONNECTIONS / 2) {
        await endConnections(system, keeper);
        // Repeated, because the shop takes what becomes free.
        await untilRefused().catch(() => {});
      }
    };
    await takeAll().catch(() => {});
    log(`takes ${taken.length + 1} of ${FEW_CONNECTIONS} connections`);
    const undo = (session: SideSession) =>
      session.run(`set global max_connections = ${DEFAULT_CONNECTIONS}`);
    return async () => {
      // A restarted server has lost the setting.
      await undo(keeper).catch(() => atTheDatabase(system, undo));
      for (const session of [...taken, keeper]) session.end();
    };
  },
};

const KILL_EVERY_MS = [10, 120] as const;

/** Connections end between any two statements, preferably within a transaction. */
export const killConnections: Fault = {
  name: "kill-connections",
  catalogue: ["F20", "F26"],
  what: "KILL of the shop's connections and statements, many times, most of them within a transaction",
  holdMs: [2_000, 10_000],
  async inject({ system, random, log }) {
    let killed = 0;
    const own = random.fork("kills");
    const killing = meanwhile(system, async (session) => {
      const inside = await session.run<{ id: number }>(
        `select trx_mysql_thread_id as id from information_schema.innodb_trx
         where trx_mysql_thread_id in
           (select id from information_schema.processlist where db like ?)`,
        [`${system.namespace}\\_%`],
      );
      const some = inside.length > 0 ? inside : await shopConnections(system, session);
      if (some.length > 0) {
        const { id } = own.pick(some);
        await kill(session, `kill ${own.chance(0.3) ? "query" : "connection"} ${id}`);
        killed += 1;
      }
      await pause(own.between(...KILL_EVERY_MS));
    });
    log("kills connections");
    return async () => {
      await killing.stop();
      log(`killed ${killed} connections and statements`);
    };
  },
};

/** As after a failover: reads succeed, writes are refused. */
export const readOnlyDatabase: Fault = {
  name: "read-only-database",
  catalogue: ["F30"],
  what: "the database is read-only and refuses writes",
  holdMs: [1_000, 12_000],
  async inject({ system, log }) {
    // MariaDB exempts administrators from read_only; a session keeps the privileges it started
    // with.
    const keeper = await atTheDatabase(system, async () => {
      const session = await sideSession(system);
      await session.run(MAY_NOT_WRITE).catch(() => {});
      await session.run("set global read_only = 1");
      await endConnections(system, session);
      return session;
    });
    log("the database is read-only");
    const undo = async (session: SideSession) => {
      await session.run("set global read_only = 0");
      await session.run(MAY_WRITE).catch(() => {});
    };
    return async () => {
      // A restarted server has lost both settings.
      await undo(keeper).catch(() => atTheDatabase(system, undo));
      keeper.end();
      await atTheDatabase(system, (session) => endConnections(system, session));
    };
  },
};

const MAY_NOT_WRITE = "revoke super, read_only admin on *.* from current_user()";
const MAY_WRITE = "grant all privileges on *.* to current_user() with grant option";
