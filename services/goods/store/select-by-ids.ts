import type { Transaction } from "#platform/db/database.ts";
import type { Parameter } from "#platform/db/sql.ts";

/**
 * Identifiers in one `in (...)`. From 1,000 on MariaDB turns the list into a join, and may then lock rows in another
 * order than that of their keys.
 */
const MAX_IN_LIST = 500;

/**
 * The rows of a select whose first parameter is an `in (?)` of identifiers. Each is asked for once, in ascending order,
 * however many there are: statements that lock do it in the order of the keys.
 */
export async function selectByIds<T>(
  tx: Transaction,
  sql: string,
  ids: Iterable<bigint>,
  parameters: readonly Parameter[] = [],
): Promise<T[]> {
  const sorted = [...new Set(ids)].sort((a, b) => (a < b ? -1 : 1));
  const rows: T[] = [];
  for (let start = 0; start < sorted.length; start += MAX_IN_LIST) {
    const some = sorted.slice(start, start + MAX_IN_LIST);
    rows.push(...(await tx.select<T>(sql, [some, ...parameters])));
  }
  return rows;
}
