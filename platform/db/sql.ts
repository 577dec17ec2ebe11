import mysql from "mysql2/promise";

/** A value in a statement. Identifiers and cents are bigint, binary data is a Uint8Array. */
export type Value =
  | bigint
  | number
  | string
  | boolean
  | Date
  | Uint8Array
  | Expression
  | null
  | undefined;
/** SQL in place of a value, such as now(3). It must never contain input. */
export type Expression = { readonly sql: string };
export type Parameter = Value | readonly Value[];

/**
 * The statement with its placeholders filled in, escaped for the SQL mode that sessions.ts sets. A
 * list becomes `a,b,c`, for `in (?)`; an empty list becomes `NULL`, which matches nothing. Throws
 * if there are more or fewer parameters than placeholders.
 */
export function formatSql(statement: string, parameters: readonly Parameter[]): string {
  if (parameters.length === 0) return statement;
  let next = 0;
  const text = statement.replaceAll("?", () => {
    if (next >= parameters.length) throw new Error(`too few parameters for: ${statement}`);
    const parameter = parameters[next++] as Parameter;
    if (!Array.isArray(parameter)) return literal(parameter as Value);
    return parameter.length === 0 ? "NULL" : parameter.map(literal).join(",");
  });
  if (next !== parameters.length) throw new Error(`too many parameters for: ${statement}`);
  return text;
}

export const expression = (sql: string): Expression => ({ sql });
/** The database's time, by which deadlines and leases go. */
export const NOW = expression("now(3)");

/** A value as SQL text. Throws a TypeError for a value that no column accepts, such as NaN. */
export function literal(value: Value): string {
  switch (typeof value) {
    case "bigint":
      return value.toString();
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`${value} cannot be an SQL value`);
      return String(value);
    case "boolean":
      return value ? "1" : "0";
    case "string":
      return mysql.escape(value);
    case "undefined":
      return "NULL";
    default:
      if (value === null) return "NULL";
      if (value instanceof Date) return `'${value.toISOString().slice(0, 23).replace("T", " ")}'`;
      if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString("hex")}'`;
      if ("sql" in value) return value.sql;
      throw new TypeError(`${String(value)} cannot be an SQL value`);
  }
}
