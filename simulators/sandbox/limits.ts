/** Of a request to the API or the checkout page; both are a few hundred bytes. */
export const MAX_BODY_BYTES = 16 * 1_024;
/** Of each address that the shop names. */
export const MAX_URL_LENGTH = 2_048;

/** How old, or how far ahead, the time of a signed request may be. */
export const FRESH_SECONDS = 300;

/** Callbacks under way at the same time. */
export const MAX_CALLBACKS_IN_FLIGHT = 64;
/** An answer that takes longer counts as none. */
export const CALLBACK_ANSWER_MS = 5_000;
/** Of an answer to a callback; "success" has seven. */
export const MAX_ANSWER_BYTES = 1_024;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Pauses before a callback is repeated; the last one is taken again and again, up to a day. */
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

/** How long the reorder fault holds callbacks back for others to arrive. */
export const HOLD_MS = 1_000;
/** Sent at once by one command of the control interface, and by the duplicate fault. */
export const MAX_COPIES = 100;
/** Fakes whose answers are kept, the latest. */
export const MAX_FAKES_KEPT = 10_000;
/** Dumps of the state under way at the same time. */
export const MAX_DUMPS = 2;
