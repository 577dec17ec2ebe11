/** Lines of one order; the contract says the same. */
export const MAX_LINES = 1_000;

/** Orders of one batch: many enough to share the cost of a commit, few enough to be quick. */
export const PLACE_BATCH = 256;
/** Lines of one batch. Goods answers with the longest names of as many in one message. */
export const PLACE_BATCH_LINES = 3_000;
/** Batches under way at once: while one waits for a participant, another writes. */
export const PLACE_IN_FLIGHT = 2;
/** Orders that wait for a batch. More are refused with RATE_LIMITED, which bounds the wait. */
export const PLACE_QUEUE = 2_048;

/** One call to a participant. The calls and commits of a batch stay far below abandonment. */
export const STEP_TIMEOUT_MS = 3_000;
/** Attempts to write the outcome of a batch during an outage, before recovery takes over. */
export const SETTLE_TRIES = 4;
/** The pause after the first attempt; it grows with each. */
export const SETTLE_PAUSE_MS = 250;

/** Orders that recovery or expiry cancels, or completion completes, in one transaction. */
export const CLOSE_BATCH = 200;
export const RECOVER_EVERY_MS = 1_000;
export const EXPIRE_EVERY_MS = 1_000;
export const COMPLETE_EVERY_MS = 1_000;
/** Closing the payments of a batch of overdue orders, which waits for the provider. */
export const CLOSE_TIMEOUT_MS = 9_000;
/** The pause before an overdue order is tried again, for when its provider did not answer. */
export const EXPIRY_RETRY_SECONDS = 10;

/** How soon a watcher sees a transition of another replica. Its own replica notifies it at once. */
export const WATCH_POLL_MS = 200;
/** Streams and waiting repetitions of requests in one process. */
export const MAX_WATCHERS = 2_000;

// Characters of texts.
export const MAX_CONSIGNEE = 64;
export const MAX_ADDRESS = 500;
export const MAX_NOTE = 500;
export const MAX_TRACKING_NUMBER = 64;
