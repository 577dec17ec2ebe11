import type { Database, Transaction } from "./database.ts";
import type { Parameter } from "./sql.ts";

/**
 * The rows of a select whose first parameter is an `in (?)` of identifiers. Each is asked for once, in ascending order:
 * together with `order by` that column, statements that lock do it in the order of the keys.
 */
export async function selectByIds<T>(
  source: Pick<Transaction, "select"> | Pick<Database, "select">,
  sql: string,
  ids: Iterable<bigint>,
  parameters: readonly Parameter[] = [],
): Promise<T[]> {
  const sorted = [...new Set(ids)].sort((a, b) => (a < b ? -1 : 1));
  return sorted.length === 0 ? [] : source.select<T>(sql, [sorted, ...parameters]);
}
