import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";

// Letters of any script with their marks, digits, and the separators of names and addresses: the
// apostrophe of O'Brien and the middle dot of Gal·la in the forms that keyboards have, and the
// hyphens that are not ASCII. U+200C and U+200D shape words of Persian and of Indian languages.
const SEPARATORS = "._@+ \\-'’‘‐‑·・׳״";
const USER_NAME = new RegExp(
  `^[\\p{L}\\p{N}](?:[\\p{L}\\p{M}\\p{N}${SEPARATORS}]|(?<=[\\p{L}\\p{M}])[\u200c\u200d](?=\\p{L}))*$`,
  "u",
);
const SPACE_AT_AN_END = /^\s|\s$/u;
// Names in these scripts often have two characters.
const SYLLABIC = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const MIN_SYLLABIC = 2;

type Length = { min: number; max: number };
type RegistrationLimits = {
  userName: Length;
  password: Length;
};

export type Registration = { userName: string; password: string; mobile: string };

/**
 * The key under which a name is unique: names that differ only in case, width or composition share
 * it, and so do names that differ in the form of an apostrophe or in a character that only shapes
 * its neighbours. Converts to upper case first, because only then do letters such as the final
 * sigma and the dotless i fold to the same character.
 */
export function userNameKey(userName: string): string {
  const plain = userName.replace(/[’‘]/g, "'").replace(/[\u200c\u200d]/g, "");
  return plain.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}

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
 * belongs to no user and is refused like any wrong one.
 */
export function checkLogin(
  login: { userName: string; password: string },
  limits: RegistrationLimits,
): void {
  const checks = new Checks();
  checks.text("user_name", login.userName.normalize("NFC"), { min: 1, max: limits.userName.max });
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
  const forms = [userName.normalize("NFC"), userNameKey(userName)];
  if (forms.some((form) => SPACE_AT_AN_END.test(form))) {
    return "must not begin or end with a space";
  }
  const min = SYLLABIC.test(userName) ? Math.min(MIN_SYLLABIC, length.min) : length.min;
  const counts = forms.map((form) => [...form].length);
  if (counts.some((count) => count < min || count > length.max)) return tooLong;
  if (!forms.every((form) => USER_NAME.test(form))) {
    return "must be letters, digits, spaces and . _ - @ + ' ·, with a letter or digit first";
  }
  return undefined;
}
