import type { Transaction } from "./database.ts";
import { literal, type Value } from "./sql.ts";

export type Row = Record<string, Value>;

/** Rows of one statement; more go in several, all in the same transaction. */
const MAX_STATEMENT_ROWS = 1_000;

/** Inserts all rows with multi-row statements, by `tx.write`. Every row has the columns of the first one. */
export async function insertRows(
  tx: Transaction,
  table: string,
  rows: readonly Row[],
): Promise<void> {
  const first = rows[0];
  if (!first) return;
  const columns = Object.keys(first);
  for (const chunk of chunks(rows)) {
    const tuples = chunk.map(
      (row) => `(${columns.map((column) => literal(row[column])).join(",")})`,
    );
    await tx.write(`insert into ${table} (${columns.join(",")}) values ${tuples.join(",")}`);
  }
}

/**
 * Updates many rows, each with values of its own, with one statement for 1,000 rows. `set` columns are overwritten,
 * `add` columns grow by the row's signed value, under the table's CHECK constraints. `guard` is a condition on the
 * table `t`, for example "t.state = 1". Returns how many rows were matched: compare it with what was expected.
 */
export async function updateRows(
  tx: Transaction,
  options: {
    table: string;
    key: string;
    set?: readonly string[];
    add?: readonly string[];
    guard?: string;
  },
  rows: readonly Row[],
): Promise<number> {
  const { table, key, set = [], add = [], guard } = options;
  const columns = [key, ...set, ...add];
  const assignments = [
    ...set.map((column) => `t.${column} = v.${column}`),
    ...add.map((column) => `t.${column} = t.${column} + v.${column}`),
  ].join(", ");
  let matched = 0;
  for (const chunk of chunks(rows)) {
    const values = chunk.map((row, index) => {
      const cells = columns.map((column) =>
        index === 0 ? `${literal(row[column])} as ${column}` : literal(row[column]),
      );
      return `select ${cells.join(",")}`;
    });
    matched += await tx.change(
      `update ${table} t join (${values.join(" union all ")}) v on t.${key} = v.${key} set ${assignments}${
        guard ? ` where ${guard}` : ""
      }`,
    );
  }
  return matched;
}

function* chunks<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < rows.length; start += MAX_STATEMENT_ROWS) {
    yield rows.slice(start, start + MAX_STATEMENT_ROWS);
  }
}
