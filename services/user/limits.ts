// Every bound of the user service, with its unit and its reason.

/** Entries of one DeductBalance: what the order service gathers at most. */
export const MAX_DEDUCTIONS = 1_000;

/**
 * Code points of a name, as entered and as key (the columns have 64), and of a password, so that the work of one hash is
 * bounded; characters of a mobile number: 15 digits (E.164), a plus and separators.
 */
export const REGISTRATION_LIMITS = {
  userName: { min: 3, max: 64 },
  password: { min: 8, max: 128 },
  maxMobileLength: 20,
};

/**
 * Argon2id with OWASP's first parameters takes 19 MiB and a thread of Node's pool of 4 for about 10 ms: 2 at once leave
 * threads for everything else.
 */
export const MAX_HASHES_IN_FLIGHT = 2;

/** Hashes that wait, about a quarter of a second of work; the next one is refused at once. */
export const MAX_HASHES_WAITING = 32;

/** Failed logins of one name in a window; then the name has to wait, with whatever password. */
export const MAX_FAILED_LOGINS = 20;
export const FAILED_LOGIN_WINDOW_MS = 60_000;

/**
 * Names whose failed logins are remembered, a few hundred bytes each. Each failure costs a hash, so that nobody can name
 * this many others within a window to have one forgotten.
 */
export const MAX_FAILED_LOGIN_NAMES = 20_000;

/** A user's token lives as long; there is no way to call one back. */
export const USER_TOKEN_SECONDS = 3_600;
