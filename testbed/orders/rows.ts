import type { Schemas } from "../shop/schemas.ts";

type Sql = Schemas["sql"];
type Row = Record<string, unknown>;

/** Rows of one statement: below the server's limit of a packet. */
const CHUNK = 5_000;
const STOCK_LOG_INITIAL = 1;
const BALANCE_LOG_TOP_UP = 1;
/** A hash that no password has, so that no login succeeds. */
const NO_PASSWORD_HASH = "$argon2id$none";

/** Inserts rows that all have the columns of the first, in statements of a bounded size. */
export async function insertRows(
  sql: Sql,
  [service, table]: [service: "goods" | "user" | "coupon", table: string],
  rows: readonly Row[],
): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const statement = `insert into ${table} (${Object.keys(first).join(", ")}) values ?`;
  for (let start = 0; start < rows.length; start += CHUNK) {
    const values = rows.slice(start, start + CHUNK).map((row) => Object.values(row));
    await sql(service, statement, [values]);
  }
}

/**
 * Writes goods past the service, with the stock log of their initial stock, so that an audit finds
 * the books right.
 */
export async function insertGoodsRows(
  sql: Sql,
  goods: readonly { goodsId: bigint; unitPriceCents: bigint; stock: bigint }[],
  { name, logIdOf }: { name: string; logIdOf: (index: number) => bigint },
): Promise<void> {
  const rows = goods.map(({ goodsId, unitPriceCents, stock }) => ({
    goods_id: goodsId,
    request_id: `row-${goodsId}`,
    request_fingerprint: "",
    name,
    description: "",
    unit_price_cents: unitPriceCents,
    stock,
    image_url: "",
  }));
  const log = goods.map(({ goodsId, stock }, index) => ({
    log_id: logIdOf(index),
    goods_id: goodsId,
    type: STOCK_LOG_INITIAL,
    delta: stock,
    stock_after: stock,
  }));
  await insertRows(sql, ["goods", "goods"], rows);
  await insertRows(sql, ["goods", "stock_log"], log);
}

/** Writes users named "shopper <id>" past the service, without a balance. */
export async function insertUserRows(
  sql: Sql,
  userIds: readonly bigint[],
  passwordHash = NO_PASSWORD_HASH,
): Promise<void> {
  const rows = userIds.map((userId) => ({
    user_id: userId,
    user_name: `shopper ${userId}`,
    user_name_key: `shopper ${userId}`,
    password_hash: passwordHash,
  }));
  await insertRows(sql, ["user", "users"], rows);
}

/** Gives users a balance past the service, with the balance log of a top-up. */
export async function insertBalanceRows(
  sql: Sql,
  users: readonly { userId: bigint; balanceCents: bigint }[],
  { logIdOf }: { logIdOf: (index: number) => bigint },
): Promise<void> {
  const log = users.map(({ userId, balanceCents }, index) => ({
    log_id: logIdOf(index),
    user_id: userId,
    type: BALANCE_LOG_TOP_UP,
    amount_cents: balanceCents,
    balance_after: balanceCents,
    request_id: `row-${userId}`,
  }));
  await insertRows(sql, ["user", "balance_log"], log);
  for (const [cents, own] of Map.groupBy(users, ({ balanceCents }) => balanceCents)) {
    const ids = own.map(({ userId }) => userId);
    await sql("user", "update users set balance_cents = ? where user_id in (?)", [cents, ids]);
  }
}
