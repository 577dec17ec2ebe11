import type { MikroORM, SqlEntityManager } from "@mikro-orm/mysql";
import type { Log } from "../telemetry/log.ts";
import { CLOCK_TOLERANCE_MS } from "./clock.ts";
import type { Answer } from "./connections.ts";
import { withShortSql } from "./errors.ts";
import type { Retry } from "./retries.ts";
import { formatSql, type Parameter } from "./sql.ts";

export type Reads = {
  /** The rows of one query outside a transaction, typed like those of a transaction. */
  select<T>(sql: string, parameters?: readonly Parameter[]): Promise<T[]>;
  /** Reads entities outside a transaction. The entity manager is discarded afterwards. */
  read<T>(work: (em: SqlEntityManager) => Promise<T>): Promise<T>;
  /** Whether the server answers. Logs an error once when its clock and this process's disagree. */
  check(): Promise<boolean>;
};

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
        const [row] = await selectOnce<{ now: Date }>("select now(3) as now");
        const aheadMs = (row?.now.getTime() ?? 0) - Date.now();
        const differ = Math.abs(aheadMs) > CLOCK_TOLERANCE_MS;
        if (differ && !clocksDiffer) {
          log.error({ aheadMs }, "the clocks disagree, nothing expires until they agree again");
        }
        clocksDiffer = differ;
        return true;
      } catch {
        return false;
      }
    },
  };
}
