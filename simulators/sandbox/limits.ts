/** Bytes in the body of a request; genuine ones have a few hundred. */
export const MAX_BODY_BYTES = 16 * 1_024;
/** Characters in each address that a merchant gives. */
export const MAX_URL_LENGTH = 2_048;

/** Seconds that a signature is valid before and after its timestamp. */
export const FRESH_SECONDS = 300;

/** Callbacks under way at once. */
export const MAX_CALLBACKS_IN_FLIGHT = 64;
/** Time for a merchant to answer a callback. */
export const CALLBACK_ANSWER_MS = 5_000;
/** Bytes in an answer to a callback; "success" has seven. */
export const MAX_ANSWER_BYTES = 1_024;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * Pauses before an unanswered callback is repeated. The last one applies from then on, until the
 * notice is a day old.
 */
export const REPEAT_AFTER_MS = [
  SECOND,
  2 * SECOND,
  5 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  HOUR,
];
export const REPEAT_UP_TO_MS = 24 * HOUR;

/** Longest time that the fault `reorder` holds callbacks back. */
export const HOLD_MS = 1_000;
/** Copies that one control command, or the fault `duplicate`, sends at once. */
export const MAX_COPIES = 100;
/** Newest fakes whose answers are stored. */
export const MAX_FAKES_KEPT = 10_000;
/** Dumps of the state under way at once. */
export const MAX_DUMPS = 2;
