import type { ServiceName } from "#proto/services.ts";
import type { Schemas } from "../../testbed/shop/schemas.ts";
import { BenchError } from "../bench-error.ts";

type Sql = Schemas["sql"];

/** A table with rows of orders, and the columns that differ in a copy, in SQL. */
type Kept = { table: string; changes: Record<string, string>; moved?: Moved };
/** A log whose entries continue from the previous balance. */
type Moved = { of: string; amount: string; after: string; owner: string; stock: string };

const shifted = (...columns: string[]) =>
  Object.fromEntries(columns.map((column) => [column, `t.${column} - :shift`]));
const OTHER_REQUEST = { request_id: "concat(t.request_id, '-', :number)" };
const FAR = "now(3) + interval 30 day";

const KEPT: Record<Exclude<ServiceName, "pay">, Kept[]> = {
  order: [
    {
      table: "orders",
      changes: {
        ...shifted("order_id"),
        ...OTHER_REQUEST,
        coupon_id: "if(t.coupon_id = 0, 0, t.coupon_id - :shift)",
        // Copies are not paid, and must not expire during the measurement.
        pay_deadline: FAR,
        expiry_time: FAR,
      },
    },
    { table: "order_lines", changes: shifted("order_id") },
    { table: "order_history", changes: shifted("order_id") },
    { table: "outbox", changes: shifted("order_id", "event_id") },
  ],
  goods: [
    { table: "reservations", changes: shifted("order_id") },
    {
      table: "stock_log",
      changes: shifted("order_id", "log_id"),
      moved: {
        of: "goods_id",
        amount: "delta",
        after: "stock_after",
        owner: "goods",
        stock: "stock",
      },
    },
  ],
  coupon: [
    { table: "coupons", changes: { ...shifted("order_id", "coupon_id"), ...OTHER_REQUEST } },
    { table: "coupon_uses", changes: shifted("order_id", "coupon_id") },
  ],
  user: [
    { table: "balance_holds", changes: shifted("order_id") },
    {
      table: "balance_log",
      changes: shifted("order_id", "log_id"),
      moved: {
        of: "user_id",
        amount: "amount_cents",
        after: "balance_after",
        owner: "users",
        stock: "balance_cents",
      },
    },
  ],
};

/**
 * Copies the orders from `fromOrderId` on, which were placed and nothing else, until there are
 * `orders` more, with everything that belongs to them, so that an audit finds the books right. The
 * ids of each copy are earlier by `shiftMs` than those of the copy before, which is longer than the
 * shop has existed, so that all ids are unique. The shop must be quiet. Resolves to the number of
 * copies.
 */
export async function copyOrders(
  sql: Sql,
  run: { namespace: string; fromOrderId: bigint; orders: number; shiftMs: number },
): Promise<number> {
  const [found] = await sql<{ n: bigint }>(
    "order",
    "select count(*) as n from orders where order_id >= ? and order_status = 2 and pay_status = 1",
    [run.fromOrderId],
  );
  const count = Number(found?.n ?? 0);
  if (count === 0) throw new BenchError("the shop has no orders to copy");
  const copies = Math.ceil(run.orders / count);
  const copying = { ...run, copies };
  await Promise.all(
    Object.entries(KEPT).map(([service, tables]) =>
      copyService(sql, { ...copying, service: service as ServiceName, tables }),
    ),
  );
  return copies * count;
}

type Copying = {
  namespace: string;
  fromOrderId: bigint;
  shiftMs: number;
  copies: number;
  service: ServiceName;
};

async function copyService(sql: Sql, run: Copying & { tables: Kept[] }): Promise<void> {
  const { service, tables, copies, fromOrderId, shiftMs } = run;
  for (const kept of tables) {
    if (kept.moved) await sumUp(sql, run, kept);
    const statement = await copyStatement(sql, run, kept);
    for (let number = 1; number <= copies; number += 1) {
      // In an identifier, milliseconds are above 22 bits of worker and sequence.
      const shift = (BigInt(Math.ceil(shiftMs)) << 22n) * BigInt(number);
      const filled = statement
        .replaceAll(":shift", String(shift))
        .replaceAll(":number", String(number));
      await sql(service, filled, [fromOrderId]);
    }
    if (kept.moved) await settleUp(sql, run, kept.moved);
  }
}

/** Sums up what the orders took of each item, or of each user's balance. */
async function sumUp(sql: Sql, { service, fromOrderId }: Copying, { table, moved }: Kept) {
  if (!moved) return;
  await sql(
    service,
    `create table bench_moved (id bigint primary key, n bigint not null)
     select ${moved.of} as id, sum(${moved.amount}) as n from ${table}
     where order_id >= ? group by ${moved.of}`,
    [fromOrderId],
  );
}

async function settleUp(sql: Sql, { service, copies }: Copying, { owner, of, stock }: Moved) {
  await sql(
    service,
    `update ${owner} o join bench_moved m on m.id = o.${of} set o.${stock} = o.${stock} + m.n * ?`,
    [copies],
  );
  await sql(service, "drop table bench_moved");
}

async function copyStatement(
  sql: Sql,
  { namespace, service }: Copying,
  { table, changes, moved }: Kept,
): Promise<string> {
  const columns = await sql<{ name: string }>(
    service,
    `select column_name as name from information_schema.columns
     where table_schema = ? and table_name = ? and coalesce(generation_expression, '') = ''
     order by ordinal_position`,
    [`${namespace}_${service}`, table],
  );
  const names = columns.map(({ name }) => name);
  const all: Record<string, string> = moved
    ? { ...changes, [moved.after]: `t.${moved.after} + :number * m.n` }
    : changes;
  const values = names.map((name) => all[name] ?? `t.${name}`);
  const join = moved ? `join bench_moved m on m.id = t.${moved.of}` : "";
  return `insert into ${table} (${names.join(", ")}) select ${values.join(", ")}
    from ${table} t ${join} where t.order_id >= ?`;
}
