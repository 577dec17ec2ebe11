import { Checks } from "#platform/values/checks.ts";
import { type User, userNotFound } from "../domain/user.ts";
import { findUser } from "../store/users.ts";
import type { Parts } from "./parts.ts";

/** Throws Refusal(USER_NOT_FOUND). */
export async function getUser({ database }: Parts, query: { userId: bigint }): Promise<User> {
  const checks = new Checks();
  checks.identifier("user_id", query.userId);
  checks.throwIfAny();
  const user = await findUser(database, query.userId);
  if (!user) throw userNotFound(query.userId);
  return user;
}
