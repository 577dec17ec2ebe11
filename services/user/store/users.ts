import type { Database, Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { insertRows, updateRows } from "#platform/db/statements.ts";
import type { User } from "../domain/user.ts";
import { UserEntity, userOf } from "./entities.ts";

export async function findUser(database: Database, userId: bigint): Promise<User | undefined> {
  const row = await database.read((em) => em.findOne(UserEntity, { userId }));
  return row ? userOf(row) : undefined;
}

export async function findUserIdByKey(
  from: Pick<Database, "select">,
  userNameKey: string,
): Promise<bigint | undefined> {
  const rows = await from.select<{ user_id: bigint }>(
    "select user_id from users where user_name_key = ?",
    [userNameKey],
  );
  return rows[0]?.user_id;
}

export async function findCredentials(
  database: Database,
  userNameKey: string,
): Promise<{ userId: bigint; passwordHash: string } | undefined> {
  const rows = await database.select<{ user_id: bigint; password_hash: string }>(
    "select user_id, password_hash from users where user_name_key = ?",
    [userNameKey],
  );
  return rows[0] && { userId: rows[0].user_id, passwordHash: rows[0].password_hash };
}

/** Those of the users that exist, without locks: users are never deleted. */
export async function existingUsers(
  database: Database,
  userIds: Iterable<bigint>,
): Promise<Set<bigint>> {
  const sql = "select user_id from users where user_id in (?)";
  const rows = await selectByIds<{ user_id: bigint }>(database, sql, userIds);
  return new Set(rows.map((row) => row.user_id));
}

/** The balances of the users that exist, locked in key order until the transaction ends. */
export async function lockBalances(
  tx: Transaction,
  userIds: Iterable<bigint>,
): Promise<Map<bigint, bigint>> {
  const rows = await selectByIds<{ user_id: bigint; balance_cents: bigint }>(
    tx,
    `select user_id, balance_cents from users force index (primary)
     where user_id in (?) order by user_id for update`,
    userIds,
  );
  return new Map(rows.map((row) => [row.user_id, row.balance_cents]));
}

export async function insertUser(
  tx: Transaction,
  user: {
    userId: bigint;
    userName: string;
    userNameKey: string;
    passwordHash: string;
    mobile: string;
  },
): Promise<void> {
  await insertRows(tx, "users", [
    {
      user_id: user.userId,
      user_name: user.userName,
      user_name_key: user.userNameKey,
      password_hash: user.passwordHash,
      mobile: user.mobile,
    },
  ]);
}

/** Adds signed changes to balances or points. Throws if a user does not exist. */
export async function addToUsers(
  tx: Transaction,
  column: "balance_cents" | "points",
  changes: ReadonlyMap<bigint, bigint>,
): Promise<void> {
  if (changes.size === 0) return;
  const rows = [...changes].map(([userId, change]) => ({ user_id: userId, [column]: change }));
  const matched = await updateRows(tx, { table: "users", key: "user_id", add: [column] }, rows);
  if (matched !== rows.length) {
    throw new Error(`${matched} of ${rows.length} users exist whose ${column} changes`);
  }
}
