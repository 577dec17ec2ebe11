import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";

// Letters of any script with their marks, digits, and what stands inside names and addresses. A space only inside.
const USER_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@+ -]*$/u;
const MOBILE = /^\+?[0-9][0-9 -]*$/;
const SPACE_AT_AN_END = /^\s|\s$/u;

type Length = { min: number; max: number };
export type RegistrationLimits = {
  userName: Length;
  password: Length;
  maxMobileLength: number;
};

export type Registration = { userName: string; password: string; mobile: string };

/**
 * The form of a name under which it is unique: names that look alike in another case, width or composition have the
 * same key. Upper case comes before lower case because letters such as the final sigma and the dotless i fold alike
 * only by this way.
 */
export function userNameKey(userName: string): string {
  return userName.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}

/**
 * The form of a password that is hashed: the same characters typed on different keyboards must match (NIST SP 800-63B
 * advises the normalisation).
 */
export function passwordForm(password: string): string {
  return password.normalize("NFKC");
}

/** Raises Refusal(INVALID_ARGUMENT) with everything that is wrong with a registration. */
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
 * A login is checked only for what keeps its work bounded. A name or password that registration would not take belongs
 * to nobody, and is answered like any other wrong one.
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

/** The one answer to every login that fails, whatever was wrong. */
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
