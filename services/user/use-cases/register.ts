import { e164Of } from "#platform/values/phones.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { checkRegistration, passwordForm, type Registration } from "../domain/registration.ts";
import type { User } from "../domain/user.ts";
import { userNameKey } from "../domain/user-names.ts";
import { REGISTRATION_LIMITS } from "../limits.ts";
import { findUser, findUserIdByKey, insertUser } from "../store/users.ts";
import type { Parts } from "./parts.ts";

/**
 * Creates a user with an empty balance and no points. Not idempotent: a second call with the name,
 * in any case, width or composition, gets USER_NAME_TAKEN. RATE_LIMITED if too many hashes are
 * waiting.
 */
export async function register(
  { database, identifiers, passwordHashes, defaultCountry }: Parts,
  registration: Registration,
): Promise<User> {
  checkRegistration(registration, REGISTRATION_LIMITS);
  const { mobile } = registration;
  const userName = registration.userName.normalize("NFC");
  const mobileE164 = e164Of(mobile, defaultCountry);
  const key = userNameKey(userName);
  // Checked here so that a taken name costs no hash, and in the transaction, which decides.
  if ((await findUserIdByKey(database, key)) !== undefined) throw userNameTaken();
  const passwordHash = await passwordHashes.hash(passwordForm(registration.password));

  const userId = await database.transact("register", async (tx) => {
    if ((await findUserIdByKey(tx, key)) !== undefined) throw userNameTaken();
    const userId = identifiers.next();
    await insertUser(tx, { userId, userName, userNameKey: key, passwordHash, mobile, mobileE164 });
    return userId;
  });
  const user = await findUser(database, userId);
  if (!user) throw new Error(`user ${userId} cannot be read after the registration`);
  return user;
}

function userNameTaken(): Refusal {
  return new Refusal(Reason.USER_NAME_TAKEN);
}
