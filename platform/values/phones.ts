import {
  type CountryCode,
  isSupportedCountry,
  ParseError,
  parsePhoneNumber,
} from "libphonenumber-js/min";

/** Code points of a phone number as people write it, with separators and an extension. */
export const MAX_PHONE = 40;

const MAX_DIGITS = 20;

// What people put between digits. The two direction marks come along when a number is copied out of
// right-to-left text.
const SEPARATOR = "[\\p{Zs}().\\[\\]/~·•\\u200e\\u200f\\p{Pd}\\u2212]";
const DIGITS = `(?:${SEPARATOR}*[0-9])`;
// How people announce an extension: "x885", "ext. 885", "#885", "доб. 885", "内線885".
const EXTENSION_WORDS = [
  "x",
  "ext",
  "extn",
  "extension",
  "app",
  "apt",
  "int",
  "dw",
  "durchwahl",
  "nst",
  "poste",
  "anexo",
  "ramal",
  "toestel",
  "wew",
  "доб",
  "вн",
  "内线",
  "内線",
  "分机",
  "分機",
  "转",
  "轉",
  "転",
  "내선",
  "تحويلة",
  "داخلي",
].join("|");
const EXTENSION = `(?:[,;#]|(?:${EXTENSION_WORDS})[.:#=]{0,2})${DIGITS}{1,11}\\)?`;
// 1-800-FLOWERS: letters of the keypad after the first digits.
const VANITY = "[-. ]?(?:[-. ]?[A-Z]){4,11}";
const PHONE = new RegExp(
  `^(?:(?:tel|phone|mobile)[.:]?\\p{Zs}?)?` +
    `(?<number>${SEPARATOR}{0,2}\\+?${DIGITS}+)${SEPARATOR}*` +
    `(?:(?<vanity>${VANITY})|[,;]?${SEPARATOR}*${EXTENSION})?$`,
  "iu",
);

/**
 * Why a text cannot be a phone number, undefined if it can. Accepts numbers as people write them,
 * in digits of any script: "(030) 123-4567", "+49 30/1234567 x885". Refuses only what no phone could
 * dial: text without digits, words, more than 20 digits, blanks at either end. Numbers of every
 * length pass, because short numbers exist inside companies. Call it with bounded text.
 */
export function phoneFault(phone: string): string | undefined {
  const plain = plainForm(phone);
  const digits = plain.replace(/[^0-9]/g, "").length;
  if (digits <= MAX_DIGITS && phone === phone.trim() && PHONE.test(plain)) return undefined;
  return 'must be a phone number such as "+49 30 123456", with 1 to 20 digits';
}

/**
 * A phone number in E.164, such as "+49301234567", without its extension; "" if it has no such
 * form, for example because no such number is assigned. A number without the code of a country
 * belongs to `country` (ISO 3166-1, two capital letters); with country "" it has no such form.
 */
export function e164Of(phone: string, country: string): string {
  const { number = "", vanity } = PHONE.exec(plainForm(phone))?.groups ?? {};
  if (number === "" || vanity !== undefined) return "";
  try {
    const parsed = parsePhoneNumber(number, isCountry(country) ? country : undefined);
    return parsed.isValid() ? parsed.number : "";
  } catch (error) {
    if (error instanceof ParseError) return "";
    throw error;
  }
}

/** Whether the library knows the phone numbers of this country: ISO 3166-1, two capital letters. */
export function isCountry(code: string): code is CountryCode {
  return isSupportedCountry(code);
}

/** Digits and letters of every width and script as ASCII. */
function plainForm(phone: string): string {
  return phone.normalize("NFKC").replace(/\p{Nd}/gu, digitOf);
}

/** Unicode has the decimal digits of a script in a row, from 0 to 9. */
function digitOf(character: string): string {
  let codePoint = character.codePointAt(0) ?? 0;
  if (codePoint < 0x80) return character;
  let value = 0;
  while (value < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(codePoint - 1))) {
    codePoint -= 1;
    value += 1;
  }
  return String(value);
}
