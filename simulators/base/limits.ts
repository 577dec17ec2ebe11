/** Bytes in the body of a request; genuine ones have a few thousand. */
export const MAX_BODY_BYTES = 256 * 1_024;
/** Callbacks of one face under way at once. */
export const MAX_CALLBACKS_IN_FLIGHT = 64;
/** Bytes in an answer to a callback. */
export const MAX_ANSWER_BYTES = 64 * 1_024;
/** Longest time that the fault `reorder` holds callbacks back. */
export const HOLD_MS = 1_000;
/** Copies that one control command, or the fault `duplicate`, sends at once. */
export const MAX_COPIES = 100;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Seconds that a signature is valid before and after its timestamp, at WeChat Pay and Stripe. */
export const FRESH_SECONDS = 300;
