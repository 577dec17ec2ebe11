import { failpoint } from "../settings/failpoint.ts";
import { Outage } from "../values/refusal.ts";
import type { Answer, Connection, Connections } from "./connections.ts";
import { isConflict, isUnsent, refusedAt, withShortSql } from "./errors.ts";
import { formatSql, type Parameter } from "./sql.ts";

export type Transaction = {
  /** The rows of a query. BIGINT is a bigint, DATETIME a Date, BLOB a Buffer. */
  select<T>(sql: string, parameters?: readonly Parameter[]): Promise<T[]>;
  /** Returns how many rows the statement matched, including those that it left as they were. */
  change(sql: string, parameters?: readonly Parameter[]): Promise<number>;
  /**
   * A change without a result. It waits in memory and goes to the server with the next statement,
   * at the latest with the commit. That call throws if this statement fails.
   */
  write(sql: string, parameters?: readonly Parameter[]): Promise<void>;
  /** Runs after the commit has succeeded and before `transact` resolves. */
  afterCommit(run: () => void): void;
};

/** `attempt` is 1 for the first run, 2 for the second, and so on. */
export type Work<T> = (tx: Transaction, attempt: number) => Promise<T>;

/** Characters that may wait in memory, far fewer than the server accepts in one packet. */
const MAX_WAITING_LENGTH = 1_000_000;

/**
 * Runs `work` once in a transaction on a connection of its own, and commits it. If `work` throws,
 * the transaction is rolled back. If the connection is lost after the commit was sent, the outcome
 * is unknown and the error is an Outage.
 */
export function runTransaction(connections: Connections) {
  return async <T>(name: string, work: Work<T>, attempt: number): Promise<T> => {
    await failpoint(`begin:${name}`);
    const connection = await connections.take();
    const statements = new Statements(connection);
    const afterCommit: (() => void)[] = [];
    let result: T;
    try {
      result = await work(transactionOn(statements, afterCommit), attempt);
      await failpoint(`commit.before:${name}`);
    } catch (error) {
      await rollBack(connection);
      throw error;
    }
    await commit(name, connection, statements);
    connection.release();
    await failpoint(`commit.after:${name}`);
    for (const run of afterCommit) run();
    return result;
  };
}

function transactionOn(statements: Statements, afterCommit: (() => void)[]): Transaction {
  return {
    select: async <T>(sql: string, parameters?: readonly Parameter[]) =>
      (await statements.send(sql, parameters)).rows as T[],
    change: async (sql, parameters) => (await statements.send(sql, parameters)).affectedRows,
    write: (sql, parameters) => statements.defer(sql, parameters),
    afterCommit: (run) => afterCommit.push(run),
  };
}

async function commit(name: string, connection: Connection, statements: Statements): Promise<void> {
  const commitAt = statements.waiting;
  try {
    await statements.send("commit");
  } catch (error) {
    await rollBack(connection);
    const isUndone = isUnsent(error) || (refusedAt(error) ?? commitAt) < commitAt;
    if (isUndone || isConflict(error)) throw error;
    throw new Outage(`the outcome of ${name} is unknown`, { cause: error });
  }
}

function rollBack(connection: Connection): Promise<void> {
  return connection.run("rollback").then(
    () => connection.release(),
    () => connection.destroy(),
  );
}

/** The statements of one transaction; deferred ones wait here for the next that is sent. */
class Statements {
  readonly #connection: Connection;
  #waiting: { sql: string; filled: string }[] = [];
  #length = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  async defer(sql: string, parameters: readonly Parameter[] = []): Promise<void> {
    const filled = formatSql(sql, parameters);
    this.#waiting.push({ sql, filled });
    this.#length += filled.length;
    if (this.#length > MAX_WAITING_LENGTH) await this.#sendWaiting();
  }

  send(sql: string, parameters: readonly Parameter[] = []): Promise<Answer> {
    this.#waiting.push({ sql, filled: formatSql(sql, parameters) });
    return this.#sendWaiting();
  }

  #sendWaiting(): Promise<Answer> {
    const sent = this.#waiting;
    this.#waiting = [];
    this.#length = 0;
    return withShortSql(
      () => this.#connection.run(...sent.map(({ filled }) => filled)),
      sent.map(({ sql }) => sql),
    );
  }
}
