import { checkLogin, loginRefused, passwordForm } from "../domain/registration.ts";
import type { User } from "../domain/user.ts";
import { userNameKey } from "../domain/user-names.ts";
import { REGISTRATION_LIMITS } from "../limits.ts";
import { findCredentials, findUser } from "../store/users.ts";
import type { Parts, SessionTokens } from "./parts.ts";
import { openSession } from "./steps/open-session.ts";

/**
 * Opens a session for the right password and returns its tokens. An unknown name and a wrong
 * password get the same refusal after the same work, so that the answer does not reveal which names
 * exist. RATE_LIMITED if the name had too many failures in the current window, or if too many
 * hashes are waiting, which does not count as a failure.
 */
export async function login(
  parts: Parts,
  request: { userName: string; password: string },
): Promise<SessionTokens & { user: User }> {
  checkLogin(request, REGISTRATION_LIMITS);
  const key = userNameKey(request.userName);
  const takeBack = await parts.attempts.begin(key);
  const userId = await ownerOf(key, request.password, parts).catch(async (error: unknown) => {
    await takeBack();
    throw error;
  });
  if (userId === undefined) throw loginRefused();
  await takeBack();
  const user = await findUser(parts.database, userId);
  if (!user) throw new Error(`user ${userId} does not exist, although the password matched`);
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
