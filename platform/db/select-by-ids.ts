import type { Database, Transaction } from "./database.ts";
import type { Parameter } from "./sql.ts";

/**
 * The rows of a select whose first placeholder is `in (?)` for identifiers. They are passed in
 * ascending order, each once; together with `order by`, a select that locks does so in key order,
 * which keeps transactions from deadlocking. Without identifiers there is no query.
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
