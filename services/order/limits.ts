/** Lines of one order (contract). */
export const MAX_LINES = 1_000;

/** Orders that travel through the steps together: large enough that a commit costs little, small enough to be quick. */
export const PLACE_BATCH = 256;
/** Lines of one batch: keeps the commands to goods well below its limits of 20,000 lines and 4 MiB. */
export const PLACE_BATCH_LINES = 8_000;
/** Batches under way at once: while one waits for a participant, another writes. More of them are smaller ones. */
export const PLACE_IN_FLIGHT = 2;
/** Orders waiting for a batch; more are refused with RATE_LIMITED, which is better than being late for all. */
export const PLACE_QUEUE = 2_048;

/** What one participant may take for a batch. Three such steps and the commits stay far below abandonment. */
export const STEP_TIMEOUT_MS = 3_000;
/** Tries to write the outcome of a batch while the database is in trouble, before recovery has to do it. */
export const SETTLE_TRIES = 4;
export const SETTLE_PAUSE_MS = 250;

/** Orders that recovery and the payment deadline close in one transaction. */
export const CLOSE_BATCH = 200;
export const RECOVER_EVERY_MS = 1_000;
export const EXPIRE_EVERY_MS = 1_000;

/** How often the database is asked whether watched orders changed; changes of this process are seen at once. */
export const WATCH_POLL_MS = 200;
/** Streams and waiting repetitions at once in one process. */
export const MAX_WATCHERS = 2_000;

export const MAX_CONSIGNEE = 64;
export const MAX_MOBILE = 32;
export const MAX_ADDRESS = 500;
/** Characters of a note or of a tracking number. */
export const MAX_NOTE = 500;
export const MAX_TRACKING_NUMBER = 64;
/** What pay and the platform may take to close the payments of a batch of overdue orders. */
export const CLOSE_TIMEOUT_MS = 9_000;
/** How long an overdue order is left alone after the payment platform did not answer for it. */
export const EXPIRY_RETRY_SECONDS = 10;
