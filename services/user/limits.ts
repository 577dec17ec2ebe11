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

/**
 * A name that failed to log in so often in a window has to wait, with whatever password. Each remembered name takes a
 * few hundred bytes, and each failure costs a hash: nobody can name so many others within a window that one is
 * forgotten.
 */
export const FAILED_LOGINS = { maxFailures: 20, windowMs: 60_000, maxNames: 20_000 };

/** A user's token lives as long; there is no way to call one back, only the session that would give the next. */
export const USER_TOKEN_SECONDS = 900;

/** A session lives as long from its login, however often it is refreshed: a month without the password is enough. */
export const SESSION_SECONDS = 30 * 24 * 3_600;

/**
 * Live sessions of one user; one more ends the oldest. More devices than anybody has, and few enough that a login can
 * look at them all.
 */
export const MAX_SESSIONS = 20;

/**
 * How long the refresh token before the last gets the same answer again: an answer that was lost is asked for anew, or
 * given up, by then.
 */
export const REFRESH_REPEAT_MS = 30_000;

/** Characters of a refresh token that are looked at; ours have 86 at most. */
export const MAX_REFRESH_TOKEN_LENGTH = 128;
