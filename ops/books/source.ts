import type { RowDataPacket } from "mysql2/promise";
import type { ServiceName } from "#proto/services.ts";
import type { Entry } from "./journal.ts";

/**
 * Rows of one kind that move accounts, with the columns `id`, `order_id`, `time`, `currency` and
 * those that `entries` reads.
 */
export type Source = {
  /** What the rows are called. */
  item: string;
  /** The column, or the expression, by which a row counts. */
  time: string;
  /** A select that ends with a condition. */
  sql(schemas: Record<ServiceName, string>): string;
  entries(row: RowDataPacket): Entry[];
};
