import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { userNameFault } from "./user-names.ts";

type Length = { min: number; max: number };
type RegistrationLimits = {
  userName: Length;
  password: Length;
};

export type Registration = { userName: string; password: string; mobile: string };

/**
 * The form of a password that is hashed, so that the same characters typed on different keyboards
 * match (NIST SP 800-63B recommends the normalisation).
 */
export function passwordForm(password: string): string {
  return password.normalize("NFKC");
}

/**
 * Throws Refusal(INVALID_ARGUMENT) with all malformed fields. Names are checked in composed form
 * (NFC), in which they are stored.
 */
export function checkRegistration(registration: Registration, limits: RegistrationLimits): void {
  const checks = new Checks();
  const nameFault = userNameFault(registration.userName, limits.userName);
  if (nameFault) checks.violation("user_name", nameFault);
  checks.text("password", registration.password, limits.password);
  checks.phone("mobile", registration.mobile, { required: false });
  checks.throwIfAny();
}

/**
 * Checks only the lengths, which bound the work. A name or password that registration would refuse
 * belongs to no user and is refused like any wrong one; a device token that the shop did not write
 * is ignored.
 */
export function checkLogin(
  login: { userName: string; password: string; deviceToken: string },
  limits: RegistrationLimits & { deviceToken: number },
): void {
  const checks = new Checks();
  checks.text("user_name", login.userName.normalize("NFC"), { min: 1, max: limits.userName.max });
  checks.text("password", login.password, { min: 1, max: limits.password.max });
  checks.text("device_token", login.deviceToken, { max: limits.deviceToken });
  checks.throwIfAny();
}

/** The same refusal for every failed login, so that it reveals no reason. */
export function loginRefused(): Refusal {
  return new Refusal(Reason.UNAUTHENTICATED);
}
