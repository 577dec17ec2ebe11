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

/** A user's token lives as long; there is no way to call one back. */
export const USER_TOKEN_SECONDS = 3_600;
