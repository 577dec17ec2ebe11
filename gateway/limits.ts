/** Of a platform's callback. The largest that platforms send are a few kilobytes. */
export const MAX_CALLBACK_BYTES = 64 * 1_024;

/** Headers that are handed on, and the length of each: a certificate's number and a signature are well below. */
export const MAX_PASSED_HEADERS = 16;
export const MAX_HEADER_LENGTH = 4_096;

/** The platforms hang up after 5 seconds, and then call again: an answer by then is no use. */
export const CALLBACK_TIMEOUT_MS = 4_000;
