/** A return URL in the form that is stored and sent, or what is wrong with it. */
type ParsedReturnUrl = { url: URL; fault?: undefined } | { url?: undefined; fault: string };

// Spaces, control characters and backslashes: URL parsers disagree about them.
const FORBIDDEN = /[\s\p{C}\\]/u;
const AUTHORITY = /^https?:\/\/([^/?#]+)/i;

/**
 * Brings an absolute web address into normal form, in which all characters outside of ASCII are
 * percent-encoded. `max` is the most characters of that form, because that form is what is stored
 * and what providers get. Whether the shop sends browsers there is for the caller to decide.
 */
export function parseReturnUrl(text: string, { max }: { max: number }): ParsedReturnUrl {
  if (FORBIDDEN.test(text)) {
    return { fault: "must not contain spaces, control characters or backslashes" };
  }
  const authority = AUTHORITY.exec(text)?.[1];
  // Hosts that look alike are not compared; the other parts may have any characters.
  if (authority !== undefined && /[^\x21-\x7e]/.test(authority)) {
    return { fault: "must have its host in ASCII (punycode)" };
  }
  const url = URL.parse(text);
  if (!url || authority === undefined) {
    return { fault: "must be a URL that starts with https:// or http://" };
  }
  if (url.username !== "" || url.password !== "") {
    return { fault: "must not contain a user name or a password" };
  }
  const { length } = url.href;
  if (length > max) {
    return { fault: `must have at most ${max} characters; percent-encoded it has ${length}` };
  }
  return { url };
}
