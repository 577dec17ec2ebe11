// Every bound of the user service, with its unit and its reason.

/** Entries in one DeductBalance call; the largest batch that the order service sends. */
export const MAX_DEDUCTIONS = 1_000;

/**
 * Code points of a name, as entered and as key (the columns have 64), and of a password, to bound
 * the work of one hash.
 */
export const REGISTRATION_LIMITS = {
  userName: { min: 3, max: 64 },
  password: { min: 8, max: 128 },
};

/**
 * Concurrent password hashes. Argon2id with OWASP's first parameters takes 19 MiB and one of the 4
 * threads of Node's pool for about 10 ms; 2 leave threads for other work.
 */
export const MAX_HASHES_IN_FLIGHT = 2;

/** Waiting hashes, about a quarter of a second of work; further ones are refused at once. */
export const MAX_HASHES_WAITING = 32;

/**
 * Failed logins of one name, counted for all replicas. From one network or known device: 20 in a
 * minute, enough for a person and 28,800 guesses a day at most. From all unknown networks together:
 * 100 in an hour, then one in 10 seconds, so that guessing from many networks stays slower than
 * that, too. The owner of the name still gets in from a known device.
 */
export const LOGIN_LIMITS = {
  perOrigin: { failures: 20, windowSeconds: 60 },
  overall: { failures: 100, windowSeconds: 3_600, pauseSeconds: 10 },
};

/** How often old counts are deleted, and how many at once. */
export const PRUNE_EVERY_MS = 5_000;
export const PRUNE_BATCH = 1_000;

/** Characters of a device token; the longest valid one has 86. */
export const MAX_DEVICE_TOKEN_LENGTH = 128;

/** Lifetime of an access token. It cannot be revoked; only the session that renews it can end. */
export const USER_TOKEN_SECONDS = 900;

/** Lifetime of a session from its login, however often it is refreshed. */
export const SESSION_SECONDS = 30 * 24 * 3_600;

/**
 * Live sessions of one user; a further login ends the oldest. More than people have devices, and
 * few enough that a login can read them all.
 */
export const MAX_SESSIONS = 20;

/**
 * How long the previous refresh token repeats its answer. By then, a client that lost the answer
 * has asked again or given up.
 */
export const REFRESH_REPEAT_MS = 30_000;

/** Characters of a refresh token; the longest valid one has 86. */
export const MAX_REFRESH_TOKEN_LENGTH = 128;
