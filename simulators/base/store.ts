import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { makeFolder } from "#platform/settings/folders.ts";

export type Row = Record<string, string | bigint | Uint8Array | null>;

/** The statements of one connection. Integers are bigint in both directions. */
export type Sql = {
  get(statement: string, values?: SQLInputValue[]): Row | undefined;
  all(statement: string, values?: SQLInputValue[]): Row[];
  /** Returns the number of changed rows. */
  run(statement: string, values?: SQLInputValue[]): number;
  each(statement: string): Iterable<Row>;
};

export type Store = {
  /** Reads committed rows. */
  read: Pick<Sql, "get" | "all">;
  /**
   * Runs the work in a transaction, and resolves once it is on disk. Work submitted at the same
   * moment shares the commit; work that throws rolls back only its own changes.
   */
  transact<T>(work: (sql: Sql) => T): Promise<T>;
  /** A consistent snapshot of all tables, for long reads. The caller closes it. */
  snapshot(): Sql & { close(): void };
  /** Closes the file after all submitted work. */
  close(): Promise<void>;
};

type Job = {
  work: (sql: Sql) => unknown;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
};

/**
 * Opens the file, and creates it with these tables if it is missing. Commits survive a killed
 * process and a power cut.
 */
export function openStore(file: string, schema: string): Store {
  makeFolder(dirname(file), { mode: 0o700 });
  const database = new DatabaseSync(file, { timeout: 5_000 });
  database.exec("pragma journal_mode = wal; pragma synchronous = full;");
  database.exec(schema);
  const sql = statements(database);
  let waiting: Job[] = [];

  function commitTogether(): void {
    const jobs = waiting;
    waiting = [];
    let outcomes: (() => void)[];
    try {
      database.exec("begin immediate");
      outcomes = jobs.map((job) => runOne(database, sql, job));
      database.exec("commit");
    } catch (error) {
      if (database.isTransaction) database.exec("rollback");
      outcomes = jobs.map((job) => () => job.reject(error));
    }
    for (const settle of outcomes) settle();
  }

  const transact = <T>(work: (sql: Sql) => T) =>
    new Promise<T>((resolve, reject) => {
      waiting.push({ work, resolve, reject });
      if (waiting.length === 1) setImmediate(commitTogether);
    });
  return {
    read: sql,
    transact,
    snapshot() {
      const reader = new DatabaseSync(file, { readOnly: true });
      reader.exec("begin");
      return { ...statements(reader), close: () => reader.close() };
    },
    async close() {
      await transact(() => {});
      database.close();
    },
  };
}

function runOne(database: DatabaseSync, sql: Sql, { work, resolve, reject }: Job): () => void {
  database.exec("savepoint one");
  try {
    const value = work(sql) as never;
    database.exec("release one");
    return () => resolve(value);
  } catch (error) {
    database.exec("rollback to one; release one");
    return () => reject(error);
  }
}

function statements(database: DatabaseSync): Sql {
  const prepared = new Map<string, StatementSync>();
  const prepare = (text: string) => {
    const known = prepared.get(text);
    if (known) return known;
    const statement = database.prepare(text);
    statement.setReadBigInts(true);
    prepared.set(text, statement);
    return statement;
  };
  return {
    get: (text, values = []) => prepare(text).get(...values) as Row | undefined,
    all: (text, values = []) => prepare(text).all(...values) as Row[],
    run: (text, values = []) => Number(prepare(text).run(...values).changes),
    each: (text) => prepare(text).iterate() as Iterable<Row>,
  };
}
