import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";

// Letters of any script with their marks, digits, and the separators of names and addresses.
const USER_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@+ -]*$/u;
const MOBILE = /^\+?[0-9][0-9 -]*$/;
const SPACE_AT_AN_END = /^\s|\s$/u;

type Length = { min: number; max: number };
type RegistrationLimits = {
  userName: Length;
  password: Length;
  maxMobileLength: number;
};

export type Registration = { userName: string; password: string; mobile: string };

/**
 * The key under which a name is unique: names that differ only in case, width or composition share
 * it. Converts to upper case first, because only then do letters such as the final sigma and the
 * dotless i fold to the same character.
 */
export function userNameKey(userName: string): string {
  return userName.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}

/**
 * The form of a password that is hashed, so that the same characters typed on different keyboards
 * match (NIST SP 800-63B recommends the normalisation).
 */
export function passwordForm(password: string): string {
  return password.normalize("NFKC");
}

/** Throws Refusal(INVALID_ARGUMENT) with all malformed fields. */
export function checkRegistration(registration: Registration, limits: RegistrationLimits): void {
  const checks = new Checks();
  const nameFault = userNameFault(registration.userName, limits.userName);
  if (nameFault) checks.violation("user_name", nameFault);
  checks.text("password", registration.password, limits.password);
  checks.text("mobile", registration.mobile, { max: limits.maxMobileLength });
  checks.that(
    "mobile",
    registration.mobile === "" || MOBILE.test(registration.mobile.slice(0, limits.maxMobileLength)),
    "must be digits with spaces or dashes, after an optional plus",
  );
  checks.throwIfAny();
}

/**
 * Checks only the lengths, which bound the work. A name or password that registration would refuse
 * belongs to no user and is refused like any wrong one.
 */
export function checkLogin(
  login: { userName: string; password: string },
  limits: RegistrationLimits,
): void {
  const checks = new Checks();
  checks.text("user_name", login.userName, { min: 1, max: limits.userName.max });
  checks.text("password", login.password, { min: 1, max: limits.password.max });
  checks.throwIfAny();
}

/** The same refusal for every failed login, so that it reveals no reason. */
export function loginRefused(): Refusal {
  return new Refusal(Reason.UNAUTHENTICATED);
}

function userNameFault(userName: string, length: Length): string | undefined {
  const tooLong = `must have ${length.min} to ${length.max} characters`;
  if (userName.length > length.max * 2) return tooLong;
  const forms = [userName, userNameKey(userName)];
  if (forms.some((form) => SPACE_AT_AN_END.test(form))) {
    return "must not begin or end with a space";
  }
  const counts = forms.map((form) => [...form].length);
  if (counts.some((count) => count < length.min || count > length.max)) return tooLong;
  if (!forms.every((form) => USER_NAME.test(form))) {
    return "must be letters, digits, spaces and . _ - @ +, with a letter or digit first";
  }
  return undefined;
}
