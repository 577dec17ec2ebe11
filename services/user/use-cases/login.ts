import { checkLogin, loginRefused, passwordForm } from "../domain/registration.ts";
import type { User } from "../domain/user.ts";
import { userNameKey } from "../domain/user-names.ts";
import { MAX_DEVICE_TOKEN_LENGTH, REGISTRATION_LIMITS } from "../limits.ts";
import { findCredentials, findUser } from "../store/users.ts";
import type { Parts, SessionTokens } from "./parts.ts";
import { beginAttempt, type LoginOrigin } from "./steps/login-attempts.ts";
import { openSession } from "./steps/open-session.ts";

export type LoginRequest = { userName: string; password: string; deviceToken: string };
type Credentials = Awaited<ReturnType<typeof findCredentials>>;
type LoggedIn = SessionTokens & { user: User; deviceToken: string };

/**
 * Opens a session for the right password and returns its tokens. An unknown name and a wrong
 * password get the same refusal after the same work, so that the answer does not reveal which names
 * exist. RATE_LIMITED if the name had too many failures from this network or device, or from all
 * unknown networks, or if too many hashes are waiting, which does not count as a failure.
 */
export async function login(
  parts: Parts,
  request: LoginRequest,
  { clientNetwork }: { clientNetwork: string },
): Promise<LoggedIn> {
  checkLogin(request, { ...REGISTRATION_LIMITS, deviceToken: MAX_DEVICE_TOKEN_LENGTH });
  const key = userNameKey(request.userName);
  // Compatibility forms can be longer than the name. No user has such a name.
  if ([...key].length > REGISTRATION_LIMITS.userName.max) throw loginRefused();
  const credentials = await findCredentials(parts.database, key);
  const device = knownDevice(parts, request.deviceToken, credentials);
  const origin: LoginOrigin = device ? { device } : { network: clientNetwork };
  const takeBack = await beginAttempt(parts, key, origin);
  let matched: boolean;
  try {
    const password = passwordForm(request.password);
    matched = await parts.passwordHashes.matches(credentials?.passwordHash, password);
  } catch (error) {
    await takeBack();
    throw error;
  }
  if (!matched || !credentials) throw loginRefused();
  await takeBack();
  const { userId } = credentials;
  const user = await findUser(parts.database, userId);
  if (!user) throw new Error(`user ${userId} does not exist, although the password matched`);
  const deviceId = device?.deviceId ?? parts.identifiers.next();
  const deviceToken = parts.deviceTokens.write({ userId, deviceId });
  return { ...(await openSession(parts, userId)), user, deviceToken };
}

/** The device of the token, if it is one of this user's. */
function knownDevice({ deviceTokens }: Parts, deviceToken: string, credentials: Credentials) {
  const device = deviceTokens.read(deviceToken);
  return device && device.userId === credentials?.userId ? device : undefined;
}
