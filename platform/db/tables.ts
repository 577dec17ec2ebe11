import { UnderscoreNamingStrategy } from "@mikro-orm/core";
import type { EntitySchemaWithMeta, InferKyselyTable } from "@mikro-orm/mysql";
import type { Insertable, Selectable } from "kysely";
import type { Expression } from "./sql.ts";

// A column is written once, in its entity. From the entity follow, when the module loads, the text
// of select lists and the columns of inserts and updates (rows.ts), and for the compiler the types
// of their rows. Statements stay plain SQL with these texts in them; nothing is built or compiled
// while an order waits.
//
//   const ORDERS = tableOf(OrderEntity);
//   const LOCKED = ORDERS.pick("orderId", "version");
//   const sql = `select ${LOCKED.sql} from orders where order_id in (?) for update`;
//   const rows = await tx.select<RowOf<typeof LOCKED>>(sql, [orderIds]);
//   await insertRows(tx, ORDERS, ["orderId", "userId", ...], orders);
//
// Rows have the property names of the entity. An insert may leave out what is nullable or has a
// default in the database, which the entity says by `.default()` or `.defaultRaw()`.

/** Any entity of `defineEntity`. */
export type AnyEntity = EntitySchemaWithMeta;

type KyselyTable<E extends AnyEntity> = InferKyselyTable<E, { columnNamingStrategy: "property" }>;
type Row<E extends AnyEntity> = Selectable<KyselyTable<E>>;
export type Property<E extends AnyEntity> = keyof Row<E> & string;

/** What a column accepts: its own type, SQL in its place, any bytes for a Buffer. */
type Accepted<V> =
  | (V extends Buffer ? Uint8Array : V)
  | Expression
  | (null extends V ? undefined : never);

/** The properties that an insert must have: neither nullable nor with a default. */
export type RequiredProperty<E extends AnyEntity> = RequiredKey<Insertable<KyselyTable<E>>>;
type RequiredKey<T> = {
  [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? never : K;
}[keyof T] &
  string;
/** A row to insert or update, with the properties P. Others are ignored. */
export type ChangedRow<E extends AnyEntity, P extends Property<E>> = {
  [K in P]: Accepted<Row<E>[K]>;
};
/** A condition for each property: equal to a value, or to one of several. */
export type Condition<E extends AnyEntity> = {
  [P in Property<E>]?: Row<E>[P] | readonly Row<E>[P][];
};

/** Some columns of a table. */
type Columns<R> = {
  /** The select list: "order_id as orderId, version". */
  readonly sql: string;
  /** Exists for the compiler only. */
  readonly "~row"?: R;
};
/** The type of the rows of some columns, or of a whole table. */
export type RowOf<C> = C extends Columns<infer R> ? R : never;

export type Table<E extends AnyEntity> = Columns<Row<E>> & {
  readonly name: string;
  /** The column of each property, in the order of the entity. */
  readonly columns: ReadonlyMap<string, string>;
  pick<P extends Property<E>>(...properties: P[]): Columns<Pick<Row<E>, P>>;
  /** The same for a table that the statement calls `alias`. */
  pickAs<P extends Property<E>>(alias: string, ...properties: P[]): Columns<Pick<Row<E>, P>>;
};

const naming = new UnderscoreNamingStrategy();

/** The table of an entity. */
export function tableOf<E extends AnyEntity>(entity: E): Table<E> {
  const { tableName, properties } = entity.meta;
  const columns = new Map(
    Object.entries(properties as Record<string, { fieldName?: string }>).map(
      ([property, { fieldName }]) => [property, fieldName ?? naming.propertyToColumnName(property)],
    ),
  );
  const list = (names: Iterable<string>, prefix = "") =>
    Array.from(names, (property) => {
      const column = `${prefix}${columnOf({ name: tableName, columns }, property)}`;
      return column === property ? column : `${column} as ${property}`;
    }).join(", ");
  return {
    name: tableName,
    columns,
    sql: list(columns.keys()),
    pick: (...names) => ({ sql: list(names) }),
    pickAs: (alias, ...names) => ({ sql: list(names, `${alias}.`) }),
  };
}

export function columnOf(
  table: { name: string; columns: ReadonlyMap<string, string> },
  property: string,
): string {
  const column = table.columns.get(property);
  if (!column) throw new Error(`${table.name} has no column for the property ${property}`);
  return column;
}
