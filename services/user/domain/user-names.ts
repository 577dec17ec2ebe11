// Letters of any script with their marks, digits, and the separators of names and addresses: the
// apostrophe of O'Brien and the middle dot of Gal·la in the forms that keyboards have, and the
// hyphens that are not ASCII.
const SEPARATORS = "._@+ \\-'’‘‐‑·・׳״";
// U+200C and U+200D shape words of Arabic and of Indian scripts. They are invisible elsewhere.
const JOINED =
  "Arabic Bengali Devanagari Gujarati Gurmukhi Kannada Malayalam Oriya Sinhala Tamil Telugu";
const JOINED_LETTER = `[${scriptClass(JOINED)}]`;
const JOINER = `(?<=${JOINED_LETTER})[\u200c\u200d](?=${JOINED_LETTER})`;
// Some letters and marks are invisible too: those that Unicode lets programs ignore.
const VISIBLE = "(?!\\p{Default_Ignorable_Code_Point})";
const USER_NAME = new RegExp(
  `^${VISIBLE}[\\p{L}\\p{N}](?:${VISIBLE}[\\p{L}\\p{M}\\p{N}${SEPARATORS}]|${JOINER})*$`,
  "u",
);
const SPACE_AT_AN_END = /^\s|\s$/u;

// Names in these scripts often have two characters.
const SYLLABIC = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const MIN_SYLLABIC = 2;

/** The scripts in modern use: table 5 of Unicode Standard Annex 31, without Common and Inherited. */
const SCRIPTS =
  `Arabic Armenian Bengali Bopomofo Cyrillic Devanagari Ethiopic Georgian Greek Gujarati
  Gurmukhi Han Hangul Hebrew Hiragana Kannada Katakana Khmer Lao Latin Malayalam Myanmar Oriya
  Sinhala Tamil Telugu Thaana Thai Tibetan`.split(/\s+/);

/** What the languages of East Asia write together, with Latin. */
const MIXTURES = ["Latin Han Hiragana Katakana", "Latin Han Bopomofo", "Latin Han Hangul"];

/**
 * The "highly restrictive" level of Unicode Technical Standard 39, section 5.2: a name is in one
 * script or in one of these mixtures, so no letter can stand for its lookalike in another script.
 */
const ONE_LANGUAGE = [...SCRIPTS, ...MIXTURES].map(
  (scripts) => new RegExp(`^[${scriptClass(`Common Inherited ${scripts}`)}]*$`, "u"),
);

/** Names that a reader would take for the shop's own, by key. */
const RESERVED = new Set(
  `admin administrator billing everyone help hostmaster info jetshop moderator null official operator
  payments postmaster root security service shop staff support sysadmin system undefined webmaster
  管理员 客服 系统 官方`.split(/\s+/),
);

/**
 * The key under which a name is unique: names that differ only in case, width, composition or
 * blanks at an end share it, and so do names that differ in the form of an apostrophe or in a
 * character that only shapes its neighbours. Converts to upper case first, because only then do
 * letters such as the final sigma and the dotless i fold to the same character.
 */
export function userNameKey(userName: string): string {
  const plain = userName.replace(/[’‘]/g, "'").replace(/[\u200c\u200d]/g, "");
  return plain.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC").trim();
}

/**
 * Why a name cannot be registered; undefined if it can. It is checked in composed form (NFC), in
 * which it is stored, and as key.
 */
export function userNameFault(
  userName: string,
  length: { min: number; max: number },
): string | undefined {
  const tooLong = `must have ${length.min} to ${length.max} characters`;
  if (userName.length > length.max * 2) return tooLong;
  const key = userNameKey(userName);
  const forms = [userName.normalize("NFC"), key];
  if (SPACE_AT_AN_END.test(userName)) return "must not begin or end with a space";
  const min = SYLLABIC.test(userName) ? Math.min(MIN_SYLLABIC, length.min) : length.min;
  const counts = forms.map((form) => [...form].length);
  if (counts.some((count) => count < min || count > length.max)) return tooLong;
  if (!forms.every((form) => USER_NAME.test(form))) {
    return "must be letters, digits, spaces and . _ - @ + ' ·, with a letter or digit first";
  }
  if (!ONE_LANGUAGE.some((language) => language.test(key))) {
    return "must be in one script: letters of several look alike";
  }
  if (RESERVED.has(key.replace(/[^\p{L}\p{N}]/gu, ""))) return "must not be a name of the shop";
  return undefined;
}

/** The inside of a character class: every letter that is used in one of the scripts. */
function scriptClass(scripts: string): string {
  return scripts.replaceAll(/(\w+) ?/g, "\\p{scx=$1}");
}
