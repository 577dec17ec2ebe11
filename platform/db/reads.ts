import type { MikroORM, SqlEntityManager } from "@mikro-orm/mysql";
import type { Log } from "../telemetry/log.ts";
import type { Inability } from "../values/inability.ts";
import { CLOCK_TOLERANCE_MS } from "./clock.ts";
import type { Answer } from "./connections.ts";
import { errorNumber, isOutage, withShortSql } from "./errors.ts";
import type { Retry } from "./retries.ts";
import { formatSql, type Parameter } from "./sql.ts";

export type Reads = {
  /** The rows of one query outside a transaction, typed like those of a transaction. */
  select<T>(sql: string, parameters?: readonly Parameter[]): Promise<T[]>;
  /** Reads entities outside a transaction. The entity manager is discarded afterwards. */
  read<T>(work: (em: SqlEntityManager) => Promise<T>): Promise<T>;
  /**
   * Why the database cannot be written now, with the remedy; undefined if it can. Never rejects.
   * Logs an error once when the server's clock and this process's disagree.
   */
  check(): Promise<Inability | undefined>;
};

/** Changes nothing, but the server refuses it as any other write. */
const WRITE_NOTHING = "update snowflake_workers set owner = owner where false";
/** The server, the transaction or the engine is read-only; so is a session on a replica. */
const READ_ONLY = new Set([1036, 1290, 1792, 1836, 3100]);
/** Schema, login, command or column is not granted. */
const NOT_GRANTED = new Set([1044, 1045, 1142, 1143, 1698]);

/** Reads on the connections of the ORM, repeated like transactions. */
export function createReads(orm: MikroORM, { retry, log }: { retry: Retry; log: Log }): Reads {
  const selectOnce = async <T>(
    sql: string,
    parameters: readonly Parameter[] = [],
  ): Promise<T[]> => {
    const connection = orm.em.getConnection();
    const filled = formatSql(sql, parameters);
    const { rows } = await withShortSql<Answer>(() => connection.execute(filled, [], "run"), [sql]);
    return rows as T[];
  };
  let clocksDiffer = false;
  return {
    select: (sql, parameters) => retry("select", () => selectOnce(sql, parameters)),
    read: (work) => retry("read", () => work(orm.em.fork())),
    async check() {
      try {
        await selectOnce(WRITE_NOTHING);
        const [row] = await selectOnce<{ now: Date }>("select now(3) as now");
        const aheadMs = (row?.now.getTime() ?? 0) - Date.now();
        const differ = Math.abs(aheadMs) > CLOCK_TOLERANCE_MS;
        if (differ && !clocksDiffer) {
          log.error({ aheadMs }, "the clocks disagree, nothing expires until they agree again");
        }
        clocksDiffer = differ;
        return undefined;
      } catch (error) {
        return inabilityOf(error);
      }
    },
  };
}

function inabilityOf(error: unknown): Inability {
  const number = errorNumber(error) ?? 0;
  const text = error instanceof Error ? error.message : String(error);
  if (READ_ONLY.has(number)) {
    const remedy = "make it writable, or name its primary in SHOP_MYSQL_URL";
    return { cause: "read_only", reason: `the database is read-only; ${remedy}` };
  }
  if (NOT_GRANTED.has(number)) {
    const remedy =
      "correct SHOP_MYSQL_URL, or grant select, insert, update and delete on the schema";
    return { cause: "denied", reason: `the database refuses its user (${text}); ${remedy}` };
  }
  const reason = `the database cannot be written (${text}); see whether it runs, and its log`;
  return { cause: isOutage(error) ? "not_reachable" : "failing", reason };
}
