import { Checks } from "#platform/values/checks.ts";
import { userNotFound } from "../domain/hold.ts";
import type { User } from "../domain/user.ts";
import { findUser } from "../store/users.ts";
import type { Parts } from "./parts.ts";

export async function getUser({ database }: Parts, query: { userId: bigint }): Promise<User> {
  const checks = new Checks();
  checks.identifier("user_id", query.userId);
  checks.throwIfAny();
  const user = await findUser(database, query.userId);
  if (user === undefined) throw userNotFound(query.userId);
  return user;
}
