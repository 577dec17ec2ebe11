import { checkLogin, loginRefused, passwordForm, userNameKey } from "../domain/registration.ts";
import type { User } from "../domain/user.ts";
import { REGISTRATION_LIMITS } from "../limits.ts";
import { findCredentials, findUser } from "../store/users.ts";
import { openSession } from "./open-session.ts";
import type { Parts, SessionTokens } from "./parts.ts";

/**
 * Opens a session for the right password, and answers its tokens. A wrong password and a name that nobody has are refused alike, in words
 * and in time. RATE_LIMITED where the name had too many failures in the last minute, or too many hashes are waiting;
 * the latter does not count as a failure.
 */
export async function login(
  parts: Parts,
  request: { userName: string; password: string },
): Promise<SessionTokens & { user: User }> {
  checkLogin(request, REGISTRATION_LIMITS);
  const key = userNameKey(request.userName);
  const takeBack = parts.attempts.begin(key, Date.now());
  const userId = await ownerOf(key, request.password, parts).catch((error: unknown) => {
    takeBack();
    throw error;
  });
  if (userId === undefined) throw loginRefused();
  takeBack();
  const user = await findUser(parts.database, userId);
  if (user === undefined) throw new Error(`User ${userId} logged in and is not there.`);
  return { ...(await openSession(parts, userId)), user };
}

async function ownerOf(
  key: string,
  password: string,
  { database, passwordHashes }: Parts,
): Promise<bigint | undefined> {
  const credentials = await findCredentials(database, key);
  const matched = await passwordHashes.matches(credentials?.passwordHash, passwordForm(password));
  return matched ? credentials?.userId : undefined;
}
