import { type Connection, createConnection } from "mysql2/promise";

/** Counters of the server since its start. */
export type DatabaseCounts = {
  commits: number;
  statements: number;
  /** Calls of fsync, for the log and for everything else. */
  flushes: number;
  bytes: number;
  rowsWritten: number;
};

type DatabaseMeter = { counts(): Promise<DatabaseCounts>; close(): Promise<void> };

export async function databaseMeter(url: string): Promise<DatabaseMeter> {
  const connection = await createConnection({ uri: url });
  return { counts: () => countsOf(connection), close: () => connection.end() };
}

async function countsOf(connection: Connection): Promise<DatabaseCounts> {
  const [rows] = await connection.query("show global status");
  const values = new Map(
    (rows as { Variable_name: string; Value: string }[]).map((row) => [
      row.Variable_name.toLowerCase(),
      Number(row.Value),
    ]),
  );
  const sum = (...names: string[]) =>
    names.reduce((total, name) => total + (values.get(name) ?? 0), 0);
  return {
    commits: sum("com_commit"),
    statements: sum("questions"),
    flushes: sum("innodb_data_fsyncs"),
    bytes: sum("bytes_received", "bytes_sent"),
    rowsWritten: sum("handler_write", "handler_update", "handler_delete"),
  };
}
