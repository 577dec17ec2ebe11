import { literal, type Value } from "./sql.ts";
import {
  type AnyEntity,
  type ChangedRow,
  type Condition,
  columnOf,
  type Property,
  type RequiredProperty,
  type Table,
} from "./tables.ts";
import type { Transaction } from "./transactions.ts";

type Complete<E extends AnyEntity, P> = [Exclude<RequiredProperty<E>, P>] extends [never]
  ? unknown
  : { missing: Exclude<RequiredProperty<E>, P> };

/** Rows of one statement. More go in several, all in the same transaction. */
const MAX_STATEMENT_ROWS = 1_000;

type Values = Record<string, Value>;

/**
 * Inserts the given properties of rows with multi-row statements, by `tx.write`. The compiler
 * refuses a list that lacks a column which is neither nullable nor has a default. The properties
 * are listed and not read from the rows, because an object may carry more than its type says, such
 * as a field of a request that is named like a column.
 */
export async function insertRows<E extends AnyEntity, P extends Property<E>>(
  tx: Pick<Transaction, "write">,
  table: Table<E>,
  properties: readonly P[] & Complete<E, P>,
  rows: readonly ChangedRow<E, NoInfer<P>>[],
): Promise<void> {
  const columns = properties.map((property) => columnOf(table, property)).join(",");
  for (const chunk of chunksOf(rows as readonly Values[])) {
    const tuples = chunk.map((row) => `(${properties.map((p) => literal(row[p])).join(",")})`);
    await tx.write(`insert into ${table.name} (${columns}) values ${tuples.join(",")}`);
  }
}

/**
 * Updates many rows, each to values of its own, with one statement for 1,000 rows. The row with the
 * same `key` gets the values of `set` and grows by those of `add`; the CHECK constraints of the
 * table apply. A row that does not meet the condition `where` stays as it is. Returns how many rows
 * matched, which the caller compares with the number that it expects.
 */
export async function updateRows<
  E extends AnyEntity,
  K extends Property<E>,
  S extends Property<E> = never,
  A extends Property<E> = never,
>(
  tx: Pick<Transaction, "change">,
  table: Table<E>,
  options: { key: K; set?: readonly S[]; add?: readonly A[]; where?: Condition<E> },
  rows: readonly ChangedRow<E, NoInfer<K | S | A>>[],
): Promise<number> {
  const { key, set = [], add = [], where = {} } = options;
  const column = (property: string) => columnOf(table, property);
  const properties: string[] = [key, ...set, ...add];
  const assignments = [
    ...set.map((property) => `t.${column(property)} = v.${column(property)}`),
    ...add.map((p) => `t.${column(p)} = t.${column(p)} + v.${column(p)}`),
  ].join(", ");
  const condition = conditionSql(table, where, "t.");
  let matched = 0;
  for (const chunk of chunksOf(rows as readonly Values[])) {
    const [first = {}, ...others] = chunk;
    const named = properties.map((p) => `${literal(first[p])} as ${column(p)}`);
    const selects = [named, ...others.map((row) => properties.map((p) => literal(row[p])))];
    const values = selects.map((cells) => `select ${cells.join(",")}`).join(" union all ");
    matched += await tx.change(
      `update ${table.name} t join (${values}) v on t.${column(key)} = v.${column(key)}
       set ${assignments}${condition && ` where ${condition}`}`,
    );
  }
  return matched;
}

/**
 * An update that sets the same values in all rows that meet the condition, for `tx.write` or
 * `tx.change`. Changes that are undefined are left out; a condition must not be empty.
 */
export function updateSql<E extends AnyEntity>(
  table: Table<E>,
  changes: { [P in Property<E>]?: ChangedRow<E, P>[P] | undefined },
  where: Condition<E>,
): string {
  const assignments = Object.entries<Value>(changes as Values).flatMap(([property, value]) =>
    value === undefined ? [] : [`${columnOf(table, property)} = ${literal(value)}`],
  );
  const condition = conditionSql(table, where);
  if (assignments.length === 0 || condition === "") {
    throw new Error(`an update of ${table.name} needs a change and a condition`);
  }
  return `update ${table.name} set ${assignments.join(", ")} where ${condition}`;
}

function conditionSql<E extends AnyEntity>(
  table: Table<E>,
  where: Condition<E>,
  prefix = "",
): string {
  const conditions = Object.entries(where as Record<string, Value | readonly Value[]>).map(
    ([property, value]) => {
      const column = `${prefix}${columnOf(table, property)}`;
      if (!Array.isArray(value)) {
        return value === null ? `${column} is null` : `${column} = ${literal(value as Value)}`;
      }
      // An empty list matches nothing, as in formatSql.
      return `${column} in (${value.length === 0 ? "NULL" : value.map(literal).join(",")})`;
    },
  );
  return conditions.join(" and ");
}

function* chunksOf<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < rows.length; start += MAX_STATEMENT_ROWS) {
    yield rows.slice(start, start + MAX_STATEMENT_ROWS);
  }
}
