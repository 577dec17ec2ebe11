import type { SQLInputValue } from "node:sqlite";
import type { Fields } from "../base/fields.ts";
import type { Row, Sql } from "../base/store.ts";
import { invalid } from "./errors.ts";

const DEFAULT_LIMIT = 10;

/**
 * A page of rows, the newest first, by `limit`, `starting_after`, `ending_before` and `created`.
 * `table` has the columns of its id and of its time.
 */
export function page(
  sql: Pick<Sql, "get" | "all">,
  params: Fields,
  query: {
    table: string;
    id: string;
    time: string;
    where: string[];
    values: SQLInputValue[];
  },
): { rows: Row[]; hasMore: boolean } {
  const where = [...query.where, "face = 'stripe'"];
  const values = [...query.values];
  for (const [path, operator] of Object.entries(CREATED)) {
    if (params[path] === undefined) continue;
    where.push(`${query.time} / 1000 ${operator} ?`);
    values.push(Number(params[path]));
  }
  const backwards = params.ending_before !== undefined;
  const cursor = params.starting_after ?? params.ending_before;
  if (cursor !== undefined) {
    const row = sql.get(`select rowid as n from ${query.table} where ${query.id} = ?`, [
      String(cursor),
    ]);
    if (!row) throw invalid("resource_missing", `No such object: '${cursor}'`, "starting_after");
    where.push(`rowid ${backwards ? ">" : "<"} ?`);
    values.push(row.n as bigint);
  }
  const limit = Number(params.limit ?? DEFAULT_LIMIT);
  const rows = sql.all(
    `select * from ${query.table} where ${where.join(" and ")}
     order by rowid ${backwards ? "asc" : "desc"} limit ${limit + 1}`,
    values,
  );
  const found = rows.slice(0, limit);
  return { rows: backwards ? found.reverse() : found, hasMore: rows.length > limit };
}

export function listJson(url: string, data: object[], hasMore: boolean) {
  return { object: "list", data, has_more: hasMore, url };
}

const CREATED = {
  created: "=",
  "created[gt]": ">",
  "created[gte]": ">=",
  "created[lt]": "<",
  "created[lte]": "<=",
};
