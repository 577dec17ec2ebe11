import type { Database } from "#platform/db/database.ts";
import { Checks } from "#platform/values/checks.ts";
import { userNotFound } from "../domain/hold.ts";
import type { User } from "../domain/user.ts";
import { findUser } from "../store/users.ts";

export async function getUser(
  { database }: { database: Database },
  query: { userId: bigint },
): Promise<User> {
  const checks = new Checks();
  checks.identifier("user_id", query.userId);
  checks.throwIfAny();
  const user = await findUser(database, query.userId);
  if (user === undefined) throw userNotFound(query.userId);
  return user;
}
