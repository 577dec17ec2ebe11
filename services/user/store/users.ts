import type { Database, Transaction } from "#platform/db/database.ts";
import { insertRows, updateRows } from "#platform/db/rows.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import type { ChangedRow, RowOf } from "#platform/db/tables.ts";
import type { User } from "../domain/user.ts";
import { USERS, UserEntity } from "./entities.ts";

/** Columns that serve the store and the login alone. */
const INTERNAL = ["userNameKey", "passwordHash"] as const;
const ID = USERS.pick("userId");
const CREDENTIALS = USERS.pick("userId", "passwordHash");
const BALANCE = USERS.pick("userId", "balanceCents");

export async function findUser(database: Database, userId: bigint): Promise<User | null> {
  return database.read((em) => em.findOne(UserEntity, { userId }, { exclude: INTERNAL }));
}

export async function findUserIdByKey(
  from: Pick<Database, "select">,
  userNameKey: string,
): Promise<bigint | undefined> {
  const [row] = await from.select<RowOf<typeof ID>>(
    `select ${ID.sql} from users where user_name_key = ?`,
    [userNameKey],
  );
  return row?.userId;
}

export async function findCredentials(
  database: Database,
  userNameKey: string,
): Promise<RowOf<typeof CREDENTIALS> | undefined> {
  const [row] = await database.select<RowOf<typeof CREDENTIALS>>(
    `select ${CREDENTIALS.sql} from users where user_name_key = ?`,
    [userNameKey],
  );
  return row;
}

/** Those of the users that exist, without locks: users are never deleted. */
export async function existingUsers(
  database: Database,
  userIds: Iterable<bigint>,
): Promise<Set<bigint>> {
  const sql = `select ${ID.sql} from users where user_id in (?)`;
  const rows = await selectByIds<RowOf<typeof ID>>(database, sql, userIds);
  return new Set(rows.map(({ userId }) => userId));
}

/** The balances of the users that exist, locked in key order until the transaction ends. */
export async function lockBalances(
  tx: Transaction,
  userIds: Iterable<bigint>,
): Promise<Map<bigint, bigint>> {
  const rows = await selectByIds<RowOf<typeof BALANCE>>(
    tx,
    `select ${BALANCE.sql} from users force index (primary)
     where user_id in (?) order by user_id for update`,
    userIds,
  );
  return new Map(rows.map(({ userId, balanceCents }) => [userId, balanceCents]));
}

const NEW_USER = [
  "userId",
  "userName",
  "userNameKey",
  "passwordHash",
  "mobile",
  "mobileE164",
] as const;

/** A name that another user has is a DuplicateKey, and `transact` runs its work again. */
export async function insertUser(
  tx: Transaction,
  user: ChangedRow<typeof UserEntity, (typeof NEW_USER)[number]>,
): Promise<void> {
  await insertRows(tx, USERS, NEW_USER, [user]);
}

/** Adds signed changes to balances or points. Throws if a user does not exist. */
export async function addToUsers(
  tx: Transaction,
  property: "balanceCents" | "points",
  changes: ReadonlyMap<bigint, bigint>,
): Promise<void> {
  if (changes.size === 0) return;
  // Of the two, the statement uses `property` alone.
  const rows = [...changes].map(([userId, change]) => {
    return { userId, balanceCents: change, points: change };
  });
  const matched = await updateRows(tx, USERS, { key: "userId", add: [property] }, rows);
  if (matched !== rows.length) {
    throw new Error(`${matched} of ${rows.length} users exist whose ${property} changes`);
  }
}
