import type { Connection, RowDataPacket } from "mysql2/promise";
import type { ServiceName } from "#proto/services.ts";
import type { Movement } from "./journal.ts";
import { ORDER_SOURCES } from "./order-sources.ts";
import { PAY_SOURCES } from "./pay-sources.ts";

/** The schemas, the currency of balances and of rows older than their currency, and the period. */
export type Books = {
  connection: Connection;
  schemas: Record<ServiceName, string>;
  currency: string;
  /** The end is exclusive. */
  period: { from: Date; to: Date };
};

/** All movements of the period, in the order of their times. */
export async function readMovements(books: Books): Promise<Movement[]> {
  const all: Movement[] = [];
  for (const source of [...PAY_SOURCES, ...ORDER_SOURCES]) {
    const { sql, time, item, entries } = source;
    const { from, to } = books.period;
    const [rows] = await books.connection.query<RowDataPacket[]>(
      `${sql(books.schemas)} and ${time} >= ? and ${time} < ?`,
      [from, to],
    );
    for (const row of rows) {
      const about = {
        time: row.time as Date,
        item: `${item} ${row.id}`,
        orderId: row.order_id === null ? null : BigInt(row.order_id),
        currency: row.currency || books.currency,
      };
      all.push(...entries(row).map((entry) => ({ ...about, ...entry })));
    }
  }
  return all.sort((a, b) => a.time.getTime() - b.time.getTime());
}
